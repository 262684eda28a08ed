import { expect, test } from 'vitest';
import type { MemoryFileTree } from '../../../support/memory-file-tree.js';
import { addSession, IQN, PORTAL } from '../../../support/sysfs-builder.js';
import { verbsUnderTest } from '../../../support/verbs-under-test.js';

const INPUT = { iqn: IQN, portal: PORTAL, iface: 'default', sid: 1, timeoutMs: 60_000 };
const LOGOUT = 'iscsiadm -m session -r 1 --logout';

function dropSession(host: MemoryFileTree): void {
  host.drop('/sys/class/iscsi_session/session1').drop('/sys/devices/platform/host2');
}

test('a session is logged out and found gone the second time', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host);
  runner.reaction = () => {
    dropSession(host);
    return {};
  };
  expect(await verbs.logOut(INPUT)).toEqual({ kind: 'done' });
  expect(await verbs.logOut(INPUT)).toEqual({ kind: 'already-gone' });
  expect(runner.lines).toEqual([LOGOUT]);
});

test.each([
  ['portal', { portal: '10.0.0.2:3260' }],
  ['target', { iqn: `${IQN}0` }],
  ['iface', { iface: 'tcp0' }],
])('a session to another %s is refused', async (_, other) => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host, other);
  expect(await verbs.logOut(INPUT)).toMatchObject({ kind: 'refused' });
  expect(runner.lines).toEqual([]);
});

test('a session that leaves sysfs late is waited for', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host);
  runner.reaction = () => {
    setTimeout(() => {
      dropSession(host);
    }, 60);
    return {};
  };
  expect(await verbs.logOut(INPUT)).toEqual({ kind: 'done' });
});

test('a session that stays after a good exit has timed out', async () => {
  const { host, verbs } = verbsUnderTest();
  addSession(host);
  expect(await verbs.logOut({ ...INPUT, timeoutMs: 120 })).toMatchObject({ kind: 'timed-out' });
});

test('a session that is gone is logged out, whatever the exit code', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host);
  runner.reaction = () => {
    dropSession(host);
    return { exitCode: 22, stderr: 'iscsiadm: could not read session targetname' };
  };
  expect(await verbs.logOut(INPUT)).toEqual({ kind: 'done' });
});

test('a code without absence in sysfs is no logout', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host);
  runner.reaction = () => ({ exitCode: 21 });
  expect(await verbs.logOut(INPUT)).toMatchObject({ kind: 'failed', exitCode: 21 });
  expect(runner.lines).toHaveLength(1);
});

test('a call that stumbled is made again', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  addSession(host);
  runner.reaction = () => {
    if (runner.lines.length === 1) return { exitCode: 23 };
    dropSession(host);
    return {};
  };
  expect(await verbs.logOut(INPUT)).toEqual({ kind: 'done' });
  expect(runner.lines).toEqual([LOGOUT, LOGOUT]);
});
