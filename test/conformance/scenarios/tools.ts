import { expect } from 'vitest';
import { CannotRunHere, DEFAULT_GRACE, requestFor } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { asFound, rejection } from './experiment.js';

const OFF = { multipath: 'off' } as const;

/** What the tools may do wrong. */
export const toolScenarios: readonly Scenario[] = [
  {
    id: 'B-16',
    claim: 'an initiator that cannot scan by hand is scanned after its own automatic scan',
    run() {
      const why =
        'node.session.scan is known since open-iscsi 2.0.874 of 2016; hosts here have 2.1';
      return Promise.reject(new CannotRunHere(why));
    },
  },
  {
    id: 'B-17',
    limits: ['L28'],
    claim: 'what a tool writes to its standard error changes nothing when it ends with 0',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const stderr =
          'iscsiadm: Could not stat /etc/iscsi/nodes//,3260,-1/default to delete node\n';
        await host.misbehave({ program: 'iscsiadm', how: 'lies', exitCode: 0, stderr });

        const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid, warnings: [] });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-23',
    claim: 'a node database that is busy twice is tried a third time',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.misbehave({
          program: 'iscsiadm',
          how: 'fails',
          matching: '-o new',
          exitCode: 6,
          stderr: 'iscsiadm: initiator reported error (6 - iSCSI database failure)\n',
          times: 2,
        });

        const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-41',
    claim: 'a path whose step breaks counts as failed, and the attach goes on with the others',
    async run(host) {
      await asFound(host, async (before) => {
        const [good = '', broken = ''] = host.portals;
        const volume = await host.freshVolume();
        const matching = `-p ${broken}`;
        await host.misbehave({ program: 'iscsiadm', how: 'fails', matching, exitCode: 99 });

        const result = await host.attach(
          requestFor(host, volume, { policy: DEFAULT_GRACE }, [good, broken]),
        );

        expect(result).toMatchObject({ state: 'degraded', kind: 'multipath', wwid: volume.wwid });
        expect(result.paths).toMatchObject([
          { portal: good, state: 'present' },
          { portal: broken, state: 'missing' },
        ]);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-42',
    claim: 'a host without multipath-tools refuses a required map, and nothing of the attach stays',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.misbehave({ program: 'multipathd', how: 'missing' });
        await host.misbehave({ program: 'multipath', how: 'missing' });

        const required = { multipath: 'required' } as const;
        const attach = host.attach(requestFor(host, volume, required, host.portals.slice(0, 2)));

        await expect(attach).rejects.toMatchObject({ type: 'MultipathUnavailable' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-75',
    limits: ['L11'],
    claim: 'a command that hangs and ignores being asked to end does not hang the attach',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.misbehave({
          program: 'multipathd',
          how: 'hangs',
          matching: 'add map',
          ignoresTerm: true,
        });

        const policy = { deadlineMs: 20_000, mapWaitMs: 3_000 };
        const attach = host.attach(requestFor(host, volume, { policy }, host.portals.slice(0, 1)));

        expect(await rejection(attach)).toHaveProperty(
          'type',
          expect.stringMatching(/^(?:MapNotFormed|CommandTimedOut|DeadlineExceeded)$/),
        );
        await host.reset();
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-76',
    limits: ['L11'],
    claim:
      'a record that could not be made in time is a failure, whatever the tool would say later',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.misbehave({ program: 'iscsiadm', how: 'hangs', matching: '-o new' });

        const policy = { deadlineMs: 15_000 };
        const attach = host.attach(
          requestFor(host, volume, { ...OFF, policy }, host.portals.slice(0, 1)),
        );

        expect(await rejection(attach)).toHaveProperty(
          'type',
          expect.stringMatching(/^(?:CommandTimedOut|DeadlineExceeded|HostNotReady)$/),
        );
        expect((await host.hostState()).sessions).toEqual(before.sessions);
      });
    },
  },
  {
    id: 'B-77',
    claim: 'a login that went well and said the opposite is taken for what the kernel shows',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        const lie = { program: 'iscsiadm', how: 'lies', matching: '--login' } as const;
        await host.misbehave({ ...lie, exitCode: 8, stderr: 'iscsiadm: connection timed out\n' });

        const result = await host.attach(requestFor(host, volume, OFF, host.portals.slice(0, 1)));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        expect((await host.hostState()).sessions).toHaveLength(1);
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];
