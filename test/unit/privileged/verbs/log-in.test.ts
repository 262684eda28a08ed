import { expect, test } from 'vitest';
import { addSession, IQN, PORTAL } from '../../../support/sysfs-builder.js';
import { verbsUnderTest, type VerbsUnderTest } from '../../../support/verbs-under-test.js';

const INPUT = { iqn: IQN, portal: PORTAL, iface: 'default', timeoutMs: 60_000 };
const LOGIN = `iscsiadm -m node -T ${IQN} -p ${PORTAL} -I default --login`;
const RECORD_PATH = `/etc/iscsi/nodes/${IQN}/10.0.0.1,3260`;

function withRecord(): VerbsUnderTest {
  const setting = verbsUnderTest();
  setting.host.file(RECORD_PATH, 'iface.iscsi_ifacename = default\n');
  return setting;
}

test('an open session is answered without a command', async () => {
  const { host, runner, verbs } = withRecord();
  addSession(host, { sid: 3, scsiHost: 5 });
  expect(await verbs.logIn(INPUT)).toEqual({ kind: 'session', sid: 3, scsiHost: 5 });
  expect(runner.lines).toEqual([]);
});

test('a login is answered with the session that sysfs shows', async () => {
  const { host, runner, verbs } = withRecord();
  runner.reaction = () => {
    addSession(host);
    return {};
  };
  expect(await verbs.logIn(INPUT)).toEqual({ kind: 'session', sid: 1, scsiHost: 2 });
  expect(runner.lines).toEqual([LOGIN]);
});

test('a session that comes after a good exit is waited for', async () => {
  const { host, runner, verbs } = withRecord();
  runner.reaction = () => {
    addSession(host, { state: 'FREE' });
    setTimeout(() => addSession(host), 60);
    return {};
  };
  expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'session' });
});

test.each([8, 15, 22])(
  'a session that is there counts, though the exit code is %i',
  async (code) => {
    const { host, runner, verbs } = withRecord();
    runner.reaction = () => {
      addSession(host);
      return { exitCode: code };
    };
    expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'session' });
    expect(runner.lines).toHaveLength(1);
  },
);

test.each([
  [24, 'refused'],
  [19, 'refused'],
  [8, 'unreachable'],
  [20, 'not-ready'],
  [21, 'no-target'],
])('exit code %i without a session is %s, at the first try', async (exitCode, kind) => {
  const { runner, verbs } = withRecord();
  runner.reaction = () => ({ exitCode, stderr: 'iscsiadm: Could not log in\n' });
  expect(await verbs.logIn(INPUT)).toEqual({ kind, exitCode, said: 'iscsiadm: Could not log in' });
  expect(runner.lines).toHaveLength(1);
});

test('a call that stumbled over another one is made again', async () => {
  const { host, runner, verbs } = withRecord();
  runner.reaction = () => {
    if (runner.lines.length < 3) return { exitCode: 22 };
    addSession(host);
    return {};
  };
  expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'session' });
  expect(runner.lines).toHaveLength(3);
});

test('a call that stumbles every time is given up', async () => {
  const { runner, verbs } = withRecord();
  runner.reaction = () => ({ exitCode: 6 });
  expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'trouble', exitCode: 6 });
  expect(runner.lines).toHaveLength(4);
});

test('a login that overruns is reported, and not made a second time', async () => {
  const { runner, verbs } = withRecord();
  runner.reaction = () => ({ timedOut: true });
  expect(await verbs.logIn(INPUT)).toEqual({ kind: 'overran', said: '' });
  expect(runner.lines).toHaveLength(1);
});

test('a login that overran but brought the session is the session', async () => {
  const { host, runner, verbs } = withRecord();
  runner.reaction = () => {
    addSession(host);
    return { timedOut: true };
  };
  expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'session' });
});

test('[L14] a session that has lost its portal is unreachable', async () => {
  const { host, runner, verbs } = withRecord();
  addSession(host, { state: 'FAILED' });
  runner.reaction = () => ({ exitCode: 15 });
  expect(await verbs.logIn(INPUT)).toMatchObject({
    kind: 'unreachable',
    said: 'session 1 is FAILED',
  });
});

test('without a node record nothing is run', async () => {
  const { runner, verbs } = verbsUnderTest();
  expect(await verbs.logIn(INPUT)).toEqual({ kind: 'trouble', said: 'there is no node record' });
  expect(runner.lines).toEqual([]);
});

test('a node record that goes meanwhile is trouble, not a missing target', async () => {
  const { host, runner, verbs } = withRecord();
  runner.reaction = () => {
    host.drop(RECORD_PATH);
    return { exitCode: 21 };
  };
  expect(await verbs.logIn(INPUT)).toMatchObject({ kind: 'trouble' });
});

test('iscsiadm is told the names as its record spells them', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  const upper = IQN.toUpperCase();
  host.file(`/etc/iscsi/nodes/${upper}/10.0.0.1,3260`, '');
  runner.reaction = () => ({ exitCode: 8 });
  await verbs.logIn(INPUT);
  expect(runner.lines).toEqual([LOGIN.replace(IQN, upper)]);
});
