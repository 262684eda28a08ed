import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { arrayWithTwoVolumes, IQN, newRig, PORTAL, PORTALS, type Rig } from './rig.js';

const CHAP = {
  'node.session.auth.authmethod': 'CHAP',
  'node.session.auth.username': 'db-17',
  'node.session.auth.password': 'correct horse',
};

async function sessionState(rig: Rig, sid = 1): Promise<string> {
  return (await rig.read(`/sys/class/iscsi_session/session${sid}/state`)).trim();
}

describe('node records', () => {
  test('a new record has the defaults of Debian, in 67 lines and mode 0600', async () => {
    const rig = newRig();

    const end = await rig.node(PORTAL, '-o', 'new');

    expect(end).toMatchObject({ exitCode: 0, stderr: '', timedOut: false });
    expect(end.stdout).toBe(
      `New iSCSI node [tcp:[hw=,ip=,net_if=,iscsi_if=default] 10.0.0.1,3260,-1 ${IQN}] added\n`,
    );
    const record = await rig.read(rig.recordPath());
    expect(record.trim().split('\n')).toHaveLength(67);
    expect(record).toContain('node.session.initial_login_retry_max = 8\n');
    expect(record).toContain('node.conn[0].timeo.login_timeout = 15\n');
    expect(record).toContain('node.session.scan = auto\n');
  });

  test('making a record again puts its settings back to the defaults', async () => {
    const rig = newRig();
    await rig.makeRecord();

    await rig.node(PORTAL, '-o', 'new');

    expect(await rig.read(rig.recordPath())).toContain('node.session.scan = auto\n');
  });

  test('a record keeps an IPv6 address as it was typed, without brackets', async () => {
    const rig = newRig();
    await rig.node('[FD00::7]:3260', '-o', 'new');

    expect(await rig.list(`/etc/iscsi/nodes/${IQN}`)).toEqual(['FD00::7,3260']);
  });

  test('deleting a record takes the empty target directory along', async () => {
    const rig = newRig();
    await rig.makeRecord();

    expect(await rig.node(PORTAL, '-o', 'delete')).toMatchObject({ exitCode: 0, stdout: '' });

    expect(await rig.list('/etc/iscsi/nodes')).toEqual([]);
  });

  test('deleting a record that is not there ends with 21', async () => {
    const end = await newRig().node(PORTAL, '-o', 'delete');

    expect(end).toMatchObject({ exitCode: 21, stderr: 'iscsiadm: No records found\n' });
  });

  test('a record whose session is open is not deleted', async () => {
    const rig = newRig();
    await rig.logIn();

    expect((await rig.node(PORTAL, '-o', 'delete')).exitCode).toBe(15);

    expect(await rig.read(rig.recordPath())).toContain(IQN);
  });

  test('two deletions at once for one target: one says 6, both records are gone', async () => {
    const rig = newRig();
    await rig.makeRecord('10.0.0.1:3260');
    await rig.makeRecord('10.0.0.2:3260');

    const ends = await Promise.all([
      rig.node('10.0.0.1:3260', '-o', 'delete'),
      rig.node('10.0.0.2:3260', '-o', 'delete'),
    ]);

    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 6]);
    expect(await rig.list('/etc/iscsi/nodes')).toEqual([]);
  });

  test('an iface record that does not exist makes no node record', async () => {
    const rig = newRig();

    const end = await rig.run(
      ...(['iscsiadm', '-m', 'node', '-T', IQN, '-p', PORTAL, '-I', 'eth9', '-o', 'new'] as const),
    );

    expect(end).toMatchObject({
      exitCode: 3,
      stderr: 'iscsiadm: Could not read iface info for eth9.\n',
    });
  });
});

describe('login', () => {
  test('a login makes a session that sysfs places below its own SCSI host', async () => {
    const rig = newRig();

    const end = await rig.logIn();

    const name = `[iface: default, target: ${IQN}, portal: 10.0.0.1,3260]`;
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(end.stdout).toBe(`Logging in to ${name}\nLogin to ${name} successful.\n`);
    expect(await rig.host.files.realPath('/sys/class/iscsi_session/session1')).toBe(
      '/sys/devices/platform/host2/session1/iscsi_session/session1',
    );
    expect(await rig.read('/sys/class/iscsi_session/session1/targetname')).toBe(`${IQN}\n`);
    expect(await rig.read('/sys/class/iscsi_session/session1/ifacename')).toBe('default\n');
    expect(await rig.read('/sys/class/iscsi_session/session1/recovery_tmo')).toBe('120\n');
    expect(await rig.host.files.realPath('/sys/class/scsi_host/host2/device/session1')).toBe(
      '/sys/devices/platform/host2/session1',
    );
    expect(await sessionState(rig)).toBe('LOGGED_IN');
  });

  test('a connection shows the address of the record, and the kernel its own spelling', async () => {
    const rig = newRig();
    await rig.logIn('[fd00::7]:3260');

    const connection = '/sys/class/iscsi_connection/connection1:0';
    expect(await rig.read(`${connection}/persistent_address`)).toBe('fd00::7\n');
    expect(await rig.read(`${connection}/persistent_port`)).toBe('3260\n');
    expect(await rig.read(`${connection}/address`)).toBe(
      'fd00:0000:0000:0000:0000:0000:0000:0007\n',
    );
    expect(await rig.read(`${connection}/state`)).toBe('up\n');
  });

  test('a session in the making is visible and not logged in', async () => {
    const rig = newRig({ timeScale: 1, durations: { recordNew: 0, login: 200 } });
    await rig.makeRecord();

    const login = rig.node(PORTAL, '--login');

    await eventually(async () => expect(await sessionState(rig)).toBe('FREE'));
    await login;
    expect(await sessionState(rig)).toBe('LOGGED_IN');
  });

  test('a second login through the same record ends with 15', async () => {
    const rig = newRig();
    await rig.logIn();

    const end = await rig.node(PORTAL, '--login');

    expect(end.exitCode).toBe(15);
    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session1']);
  });

  test('a login without a record ends with 21', async () => {
    expect((await newRig().node(PORTAL, '--login')).exitCode).toBe(21);
  });

  test('session numbers are never used twice in a boot, SCSI host numbers are', async () => {
    const rig = newRig();
    await rig.logIn();
    await rig.run('iscsiadm', '-m', 'session', '-r', '1', '--logout');

    await rig.node(PORTAL, '--login');

    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session2']);
    expect(await rig.list('/sys/class/iscsi_host')).toEqual(['host2']);
  });

  test('four logins at once make four sessions', async () => {
    const rig = newRig();

    const ends = await Promise.all(PORTALS.map((portal) => rig.logIn(portal)));

    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(await rig.list('/sys/class/iscsi_session')).toHaveLength(4);
  });
});

describe('a record of several sessions', () => {
  const both = { 'node.session.nr_sessions': '2', 'node.session.scan': 'manual' };

  test('makes all of them with one login, and says so once more when they are there', async () => {
    const rig = newRig();
    await rig.makeRecord();
    await rig.setRecord(both);

    const end = await rig.node(PORTAL, '--login');

    expect(end.exitCode).toBe(0);
    expect(end.stdout.match(/\(multiple\)$/gm)).toHaveLength(2);
    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session1', 'session2']);
    expect(await rig.node(PORTAL, '--login')).toMatchObject({
      exitCode: 15,
      stderr: expect.stringContaining('default: 2 sessions requested, but 2 already present.'),
    });
  });

  test('makes the one that is missing, and ends them one by one', async () => {
    const rig = newRig();
    await rig.makeRecord();
    await rig.setRecord(both);
    await rig.node(PORTAL, '--login');
    await rig.run('iscsiadm', '-m', 'session', '-r', '1', '--logout');
    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session2']);

    await rig.node(PORTAL, '--login');

    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session2', 'session3']);
  });
});

describe('a portal that does not answer', () => {
  const BOUND = {
    'node.conn[0].timeo.login_timeout': '3',
    'node.session.initial_login_retry_max': '1',
  };

  test.each([
    { condition: { kind: 'dropped' } as const },
    { condition: { kind: 'resetting' } as const },
    { condition: { kind: 'wrong-target' } as const },
    { condition: { kind: 'slow', latencyMs: 5_000 } as const },
  ])('$condition.kind: exit 8 at the bound the record sets', async ({ condition }) => {
    const array = arrayWithTwoVolumes();
    array.setPortal({ portal: PORTAL, condition });
    const rig = newRig({ array });

    const end = await rig.logIn(PORTAL, BOUND);

    expect(end.exitCode).toBe(8);
    expect(end.stderr).toContain('iscsiadm: initiator reported error (8 - connection timed out)\n');
    expect(end.durationMs).toBeGreaterThanOrEqual(3_000);
    expect(end.durationMs).toBeLessThan(3_500);
    expect(await rig.list('/sys/class/iscsi_session')).toEqual([]);
  });

  test('with the defaults of a new record that takes two minutes', async () => {
    const array = arrayWithTwoVolumes();
    array.setPortal({ portal: PORTAL, condition: { kind: 'dropped' } });
    const rig = newRig({ array, timeScale: 0.001 });

    expect((await rig.logIn()).durationMs).toBeGreaterThanOrEqual(120_000);
  });

  test('an unknown portal is a dead one', async () => {
    const rig = newRig();

    expect((await rig.logIn('10.9.9.9:3260', BOUND)).exitCode).toBe(8);
  });

  test('a portal that comes back within the bound is logged in to', async () => {
    const rig = newRig();
    const fault = await rig.control.addFault({
      kind: 'portal',
      portal: PORTAL,
      condition: { kind: 'dropped' },
    });
    await rig.makeRecord();
    const login = rig.node(PORTAL, '--login');

    await rig.control.removeFault(fault);

    expect((await login).exitCode).toBe(0);
  });

  test('a fault on one host leaves the others alone', async () => {
    const array = arrayWithTwoVolumes();
    const [rig, other] = [newRig({ array }), newRig({ array })];
    await rig.control.addFault({ kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } });

    expect((await rig.logIn(PORTAL, BOUND)).exitCode).toBe(8);
    expect((await other.logIn(PORTAL, BOUND)).exitCode).toBe(0);
  });
});

describe('CHAP', () => {
  function rigWithChap(): Rig {
    const array = arrayWithTwoVolumes();
    array.addTarget({
      iqn: IQN,
      portals: PORTALS,
      chap: { username: 'db-17', secret: 'correct horse' },
      mutualChap: { username: 'array', secret: 'battery staple' },
    });
    return newRig({ array });
  }

  test('the right secret is let in', async () => {
    expect((await rigWithChap().logIn(PORTAL, CHAP)).exitCode).toBe(0);
  });

  test.each([
    { with: 'a wrong secret', settings: { ...CHAP, 'node.session.auth.password': 'wrong' } },
    { with: 'no secret', settings: {} },
  ])('$with ends with 24 and leaves no session', async ({ settings }) => {
    const rig = rigWithChap();

    const end = await rig.logIn(PORTAL, settings);

    expect(end.exitCode).toBe(24);
    expect(end.stderr).toContain('iSCSI login failed due to authorization failure');
    expect(await rig.list('/sys/class/iscsi_session')).toEqual([]);
  });

  test('a target that proves itself wrongly ends the login with 19', async () => {
    const incoming = (password: string): Record<string, string> => ({
      ...CHAP,
      'node.session.auth.username_in': 'array',
      'node.session.auth.password_in': password,
    });

    expect((await rigWithChap().logIn(PORTAL, incoming('wrong'))).exitCode).toBe(19);
    expect((await rigWithChap().logIn(PORTAL, incoming('battery staple'))).exitCode).toBe(0);
  });

  test('a secret the array has changed ends the login with 24', async () => {
    const rig = rigWithChap();
    await rig.control.addFault({ kind: 'wrong-secret', iqn: IQN });

    expect((await rig.logIn(PORTAL, CHAP)).exitCode).toBe(24);
  });
});

describe('logout', () => {
  test('a logout takes session, SCSI host and devices away', async () => {
    const rig = newRig();
    await rig.attachOnePath();

    const end = await rig.run('iscsiadm', '-m', 'session', '-r', '1', '--logout');

    const name = `[sid: 1, target: ${IQN}, portal: 10.0.0.1,3260]`;
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(end.stdout).toBe(`Logging out of session ${name}\nLogout of ${name} successful.\n`);
    expect(await rig.list('/sys/class/iscsi_session')).toEqual([]);
    expect(await rig.list('/sys/class/scsi_host')).toEqual([]);
    expect(await rig.list('/sys/class/block')).toEqual([]);
  });

  test('a logout by record does the same', async () => {
    const rig = newRig();
    await rig.logIn();

    expect((await rig.node(PORTAL, '--logout')).exitCode).toBe(0);
    expect((await rig.node(PORTAL, '--logout')).exitCode).toBe(21);
  });

  test('logouts at once complain of each other, and succeed', async () => {
    const rig = newRig();
    await rig.logIn('10.0.0.1:3260');
    await rig.logIn('10.0.0.2:3260');

    const ends = await Promise.all(
      ['1', '2'].map((sid) => rig.run('iscsiadm', '-m', 'session', '-r', sid, '--logout')),
    );

    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(ends.map(({ stderr }) => stderr).join('')).toContain(
      'could not read session targetname',
    );
  });

  test('a logout of a session that is not there ends with 22', async () => {
    const end = await newRig().run('iscsiadm', '-m', 'session', '-r', '7', '--logout');

    expect(end.exitCode).toBe(22);
    expect(end.stderr).toContain('Could not get session info for sid 7');
  });

  test('a logout through a dead portal takes the logout timeout', async () => {
    const rig = newRig();
    await rig.logIn();
    await rig.control.addFault({ kind: 'portal', portal: PORTAL, condition: { kind: 'dropped' } });

    const end = await rig.run('iscsiadm', '-m', 'session', '-r', '1', '--logout');

    expect(end.exitCode).toBe(0);
    expect(end.durationMs).toBeGreaterThanOrEqual(15_000);
  });
});

describe('a session whose portal dies', () => {
  test('fails after the NOP-Outs, blocks its devices, and comes back with the portal', async () => {
    const rig = newRig();
    await rig.attachOnePath();
    const fault = await rig.control.addFault({
      kind: 'portal',
      portal: PORTAL,
      condition: { kind: 'dropped' },
    });

    await eventually(async () => expect(await sessionState(rig)).toBe('FAILED'));
    expect(await rig.read('/sys/class/scsi_device/2:0:0:4/device/state')).toBe('blocked\n');

    await rig.control.removeFault(fault);
    await eventually(async () => expect(await sessionState(rig)).toBe('LOGGED_IN'));
    expect(await rig.read('/sys/class/scsi_device/2:0:0:4/device/state')).toBe('running\n');
  });

  test('gives its devices up after the replacement timeout, and is FREE until the portal is back', async () => {
    const rig = newRig();
    await rig.logIn(PORTAL, { 'node.session.timeo.replacement_timeout': '5' });
    await rig.scan(4);
    const fault = await rig.control.addFault({
      kind: 'portal',
      portal: PORTAL,
      condition: { kind: 'resetting' },
    });
    const device = '/sys/class/scsi_device/2:0:0:4/device/state';
    const connection = '/sys/class/iscsi_connection/connection1:0/state';

    await eventually(async () => expect(await rig.read(device)).toBe('transport-offline\n'));
    expect(await sessionState(rig)).toBe('FREE');
    expect(await rig.read(connection)).toBe('failed\n');

    await rig.control.removeFault(fault);
    await eventually(async () => expect(await sessionState(rig)).toBe('LOGGED_IN'));
    expect(await rig.read(connection)).toBe('up\n');
  });

  test('can be logged out at once when it was given up', async () => {
    const rig = newRig();
    await rig.logIn(PORTAL, { 'node.session.timeo.replacement_timeout': '5' });
    await rig.control.addFault({
      kind: 'portal',
      portal: PORTAL,
      condition: { kind: 'resetting' },
    });
    await eventually(async () => expect(await sessionState(rig)).toBe('FREE'));

    const end = await rig.run('iscsiadm', '-m', 'session', '-r', '1', '--logout');

    expect(end.exitCode).toBe(0);
    expect(end.durationMs).toBeLessThan(1_000);
  });
});
