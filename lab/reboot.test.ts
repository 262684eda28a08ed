import { describe, expect, test } from 'vitest';
import { requestFor, type Volume } from '../test/conformance/host-under-test.js';
import { eventually } from '../test/support/eventually.js';
import { ADD_MAP, before as beforeCall, LOGOUT, REMOVE_MAP, type Place } from './faults/place.js';
import { StandIns, type Stop } from './faults/stand-ins.js';
import { useRealHost } from './use-real-host.js';

const TIMEOUT_MS = 1_200_000;
const PATTERN = 'kept across a reboot';
/**
 * An emulated host boots in 15 s, its worker starts in 15 more, an attach takes 5. Each look is a query
 * of the attachment: many of them take the processor from the host that recovers.
 */
const RECOVERED = { withinMs: 400_000, everyMs: 1_000 };
const VOLUMES_AT_ONCE = 8;

describe('a real Linux host that goes down', () => {
  const host = useRealHost();

  /** Where a tool is when the host goes down; its stand-in survives that. */
  async function stopAt(place: Place): Promise<Stop> {
    const standIns = new StandIns(host().guest);
    await standIns.install();
    return standIns.stopAt(place);
  }

  /** What is on the host is what the ledger says: the volume with its data, or nothing. */
  async function expectSettled(volume: Volume, before: unknown): Promise<string> {
    const { state, stablePath } = await host().state(volume.volumeId);
    if (state === 'attached' || state === 'degraded') {
      expect(await host().read(stablePath ?? '', 1)).toHaveLength(1);
    } else {
      expect(await host().hostState()).toEqual(before);
    }
    return state;
  }

  test(
    'has an attached volume back by itself, under the same path and with its data',
    async () => {
      const before = await host().hostState();
      const volume = await host().freshVolume();
      const { stablePath, bootId } = await host().attach(requestFor(host(), volume));
      await host().write(stablePath, PATTERN);

      await host().reboot('clean');

      await eventually(async () => {
        const seen = await host().state(volume.volumeId);
        expect(seen).toMatchObject({ state: 'attached', stablePath, wwid: volume.wwid });
        expect(seen.bootId).not.toBe(bootId);
      }, RECOVERED);
      expect(await host().read(stablePath, PATTERN.length)).toBe(PATTERN);
      await host().detach(volume.volumeId);
      expect(await host().hostState()).toEqual(before);
    },
    TIMEOUT_MS,
  );

  test(
    'while attaching ends with the volume attached, or with a host as before',
    async () => {
      const before = await host().hostState();
      const volume = await host().freshVolume();
      const map = await stopAt(beforeCall(ADD_MAP));
      const attach = host()
        .attach(requestFor(host(), volume, { policy: { deadlineMs: 300_000 } }))
        .then(
          () => 'attached',
          (error: unknown) => String(error),
        );
      await map.reached;

      await host().reboot('power cut');

      const outcome = await attach;
      const state = await eventually(async () => {
        const settled = await expectSettled(volume, before);
        expect(settled).toMatch(/^(?:attached|degraded|failed)$/);
        return settled;
      }, RECOVERED);
      process.stdout.write(`lab: power cut while attaching: ${outcome}; then ${state}\n`);
      await host().detach(volume.volumeId);
      expect(await host().hostState()).toEqual(before);
    },
    TIMEOUT_MS,
  );

  test.each([
    { how: 'clean', place: beforeCall(REMOVE_MAP), where: 'before the map goes' },
    { how: 'power cut', place: beforeCall(REMOVE_MAP), where: 'before the map goes' },
    { how: 'power cut', place: beforeCall(LOGOUT), where: 'between delete and logout' },
  ] as const)(
    'while detaching ($how, $where) is clean when it is back, without anybody asking again',
    async ({ how, place }) => {
      const before = await host().hostState();
      const volume = await host().freshVolume();
      const { device } = await host().attach(requestFor(host(), volume));
      await host().write(device, PATTERN);
      const stop = await stopAt(place);
      const detach = host().detach(volume.volumeId);
      await stop.reached;

      await host().reboot(how);

      expect(await detach).toMatchObject({ state: 'detached' });
      expect(await host().hostState()).toEqual(before);
      const again = await host().attach(requestFor(host(), volume));
      expect(await host().read(again.device, PATTERN.length)).toBe(PATTERN);
      await host().detach(volume.volumeId);
    },
    TIMEOUT_MS,
  );

  test(
    'brings up many volumes one after the other begun',
    async () => {
      const volumes = await Promise.all(
        Array.from({ length: VOLUMES_AT_ONCE }, () => host().freshVolume()),
      );
      for (const volume of volumes) await host().attach(requestFor(host(), volume));

      await host().reboot('clean');
      await Promise.all(
        volumes.map(async ({ volumeId, wwid }) => {
          const { stablePath = '' } = await eventually(async () => {
            const view = await host().state(volumeId);
            expect(view).toMatchObject({ state: 'attached', wwid });
            expect(view.bootId).toBe(host().guest.bootId);
            return view;
          }, RECOVERED);
          expect(await host().read(stablePath, 1)).toHaveLength(1);
        }),
      );
      const ms = performance.now() - host().workerStartedAtMs;
      process.stdout.write(
        `lab: ${String(VOLUMES_AT_ONCE)} volumes x 4 paths usable ${(ms / 1_000).toFixed(1)} s after the worker's start\n`,
      );
      for (const { volumeId } of volumes) await host().detach(volumeId);
    },
    TIMEOUT_MS,
  );
});
