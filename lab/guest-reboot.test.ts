import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGuest, type Guest } from './guest.js';

let runDirectory: string;
let guest: Guest;

beforeAll(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'mooring-lab-'));
  guest = await startGuest({ runDirectory });
});

afterAll(async () => {
  await guest.stop();
  await rm(runDirectory, { recursive: true, force: true });
});

test('a clean reboot and a power cut bring the same disk back, with another boot id', async () => {
  await guest.writeFile('/root/kept', 'synced');
  await guest.script('sync');
  const boots = [guest.bootId];
  await guest.reboot();
  boots.push(guest.bootId);
  await guest.powerCut();
  await guest.boot();
  boots.push(guest.bootId);

  expect(await guest.readFile('/root/kept')).toBe('synced');
  expect(new Set(boots)).toHaveLength(3);
});
