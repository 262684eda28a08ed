import { expect } from 'vitest';
import { requestFor, settledPart } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';

const PATTERN = 'kept across a detach';

export const detachScenarios: readonly Scenario[] = [
  {
    id: 'B-49',
    claim: 'a detach keeps the sessions another volume still uses',
    async run(host) {
      const before = await host.hostState();
      const kept = await host.freshVolume();
      const leaving = await host.freshVolume();
      const keptDevice = await host.attach(requestFor(host, kept));
      const withKept = settledPart(await host.hostState());
      await host.attach(requestFor(host, leaving));

      const result = await host.detach(leaving.volumeId);

      expect(result.kept).toHaveLength(4);
      expect(settledPart(await host.hostState())).toEqual(withKept);
      expect(await host.slavesOf(keptDevice.device)).toHaveLength(4);
      await host.detach(kept.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-59',
    claim: 'a detach of what is not attached succeeds, says so and changes nothing',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();

      const result = await host.detach(volume.volumeId);

      expect(result).toMatchObject({ state: 'detached', wasAttached: false });
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'B-65',
    claim: 'a mounted volume is not detached, and nothing of it is touched',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const { device } = await host.attach(requestFor(host, volume));
      const attached = settledPart(await host.hostState());
      await host.use(device, 'mount');
      try {
        const detach = host.detach(volume.volumeId);

        await expect(detach).rejects.toMatchObject({ type: 'DeviceInUse' });
        expect(settledPart(await host.hostState())).toEqual(attached);
        expect(await host.state(volume.volumeId)).toMatchObject({ state: 'attached' });
      } finally {
        await host.endUse();
      }
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
  {
    id: 'M-02',
    limits: ['L17'],
    claim: 'a detach goes on by itself when the host worker was killed and is back',
    async run(host) {
      const before = await host.hostState();
      const volume = await host.freshVolume();
      const { device } = await host.attach(requestFor(host, volume));
      await host.write(device, PATTERN);

      await host.killWorker();
      const detach = host.detach(volume.volumeId);
      await host.startWorker();

      expect(await detach).toMatchObject({ wasAttached: true });
      expect(await host.hostState()).toEqual(before);
      const again = await host.attach(requestFor(host, volume));
      expect(await host.read(again.device, PATTERN.length)).toBe(PATTERN);
      await host.detach(volume.volumeId);
      expect(await host.hostState()).toEqual(before);
    },
  },
];
