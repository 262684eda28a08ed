import { expect, test } from 'vitest';
import { createVerbs } from '../../../../src/privileged/create-verbs.js';
import { parseSettings } from '../../../../src/host/iscsiadm/node-record.js';
import { addSession, IQN, PORTAL } from '../../../support/sysfs-builder.js';
import { verbsUnderTest, type VerbsUnderTest } from '../../../support/verbs-under-test.js';

const END = { iqn: IQN, portal: PORTAL, iface: 'default' };
const PATH = `/etc/iscsi/nodes/${IQN}/10.0.0.1,3260`;
const RECORD = `# BEGIN RECORD 2.1.8\nnode.name = ${IQN}\niface.iscsi_ifacename = default\n# END RECORD\n`;
const NEW = `iscsiadm -m node -T ${IQN} -p ${PORTAL} -I default -o new`;
const DELETE = `iscsiadm -m node -T ${IQN} -p ${PORTAL} -I default -o delete`;
const CHAP = { username: 'db-17', secretRef: 'file:out' };

/** iscsiadm as far as records go. */
function withDatabase(): VerbsUnderTest {
  const setting = verbsUnderTest();
  const { host, runner } = setting;
  runner.reaction = ({ args }) => {
    if (args.includes('new')) host.file(PATH, RECORD);
    if (args.includes('delete')) host.drop(PATH);
    return {};
  };
  return setting;
}

async function settings({ host }: VerbsUnderTest): Promise<Record<string, string>> {
  return Object.fromEntries(parseSettings(await host.readText(PATH)));
}

test('a missing record is made, and says what a login needs', async () => {
  const setting = withDatabase();
  const { made } = await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 });
  expect(made).toBe(true);
  expect(setting.runner.lines).toEqual([NEW]);
  expect(await settings(setting)).toMatchObject({
    'node.name': IQN,
    'node.startup': 'manual',
    'node.session.scan': 'manual',
    'node.conn[0].timeo.login_timeout': '7',
  });
  expect(setting.host.modeOf(PATH)).toBe(0o600);
});

test('a record that is there is edited, not made again', async () => {
  const setting = withDatabase();
  setting.host.file(PATH, RECORD);
  const { made } = await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 });
  expect(made).toBe(false);
  expect(setting.runner.lines).toEqual([]);
  expect(await settings(setting)).toMatchObject({ 'node.startup': 'manual' });
});

test('secrets go into the file and into no argument', async () => {
  const setting = withDatabase();
  const mutualChap = { username: 'array', secretRef: 'file:in' };
  await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7, chap: CHAP, mutualChap });
  expect(await settings(setting)).toMatchObject({
    'node.session.auth.authmethod': 'CHAP',
    'node.session.auth.username': 'db-17',
    'node.session.auth.password': 'marker-secret-out',
    'node.session.auth.username_in': 'array',
    'node.session.auth.password_in': 'marker-secret-in',
  });
  expect(setting.runner.lines.join()).not.toContain('marker');
});

test('credentials of an earlier login are wiped when none are given', async () => {
  const setting = withDatabase();
  await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7, chap: CHAP });
  await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 });
  expect(await setting.host.readText(PATH)).not.toMatch(/marker|db-17|CHAP/);
});

test('a record that iscsiadm did not make is a failure with redacted words', async () => {
  const { runner, verbs } = verbsUnderTest();
  runner.reaction = () => ({ exitCode: 6, stderr: 'lock of marker-secret-out\n' });
  await expect(
    verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7, chap: CHAP }),
  ).rejects.toMatchObject({
    name: 'CommandFailure',
    facts: { program: 'iscsiadm', exitCode: 6, said: 'lock of [redacted]' },
  });
});

test('a record of another iface that the new one would replace is left alone', async () => {
  const setting = withDatabase();
  setting.host.file(PATH, RECORD.replace('= default', '= tcp0'));
  await expect(
    setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 }),
  ).rejects.toMatchObject({ name: 'CommandFailure' });
  expect(setting.runner.lines).toEqual([]);
});

test('changes of one record are made one at a time, those of several side by side', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  const portals = ['10.0.0.1:3260', '10.0.0.2:3260', '10.0.0.3:3260'];
  const made: string[] = [];
  let running = 0;
  let most = 0;
  runner.reaction = async ({ args }) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    const [portal = ''] = args.filter((argument) => portals.includes(argument));
    made.push(portal);
    host.file(`/etc/iscsi/nodes/${IQN}/${portal.replace(':', ',')}`, RECORD);
    return {};
  };
  await Promise.all(
    [...portals, ...portals].map(async (portal) =>
      verbs.ensureNodeRecord({ ...END, portal, loginTimeoutSeconds: 7 }),
    ),
  );
  expect(most).toBe(3);
  expect(made.sort()).toEqual(portals);
  expect(await host.list(`/etc/iscsi/nodes/${IQN}`)).toHaveLength(3);
});

test('a call that stumbled over another one is made again', async () => {
  const { host, runner, verbs } = verbsUnderTest();
  runner.reaction = () => {
    if (runner.lines.length < 3) return { exitCode: 6 };
    host.file(PATH, RECORD);
    return {};
  };
  expect(await verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 })).toMatchObject({
    made: true,
  });
  expect(runner.lines).toHaveLength(3);
});

test('a record of somebody else says afterwards what it said before', async () => {
  const setting = withDatabase();
  const theirs = RECORD.replace('# END', 'node.session.auth.username = theirs\n# END');
  setting.host.file(PATH, theirs);
  const edit = { ...END, loginTimeoutSeconds: 7 };
  await setting.verbs.ensureNodeRecord({ ...edit, chap: CHAP });
  await setting.verbs.ensureNodeRecord({ ...edit, loginTimeoutSeconds: 9 });
  expect(await setting.host.readText(PATH)).not.toBe(theirs);

  // Their session needs nothing of what mooring wrote.
  addSession(setting.host);
  expect(await setting.verbs.nodeRecordFate(END)).toBe('restore');
  expect(await setting.verbs.putBackNodeRecord(END)).toEqual({ kind: 'restored' });

  expect(await setting.host.readText(PATH)).toBe(theirs);
  expect(await setting.verbs.putBackNodeRecord(END)).toEqual({ kind: 'not-ours' });
  expect(await setting.host.list('/etc/iscsi/mooring/records')).toEqual([]);
});

test('a record of somebody else that needed no change is never touched', async () => {
  const { host, runner, verbs } = withDatabase();
  host.file(PATH, RECORD);
  expect(await verbs.nodeRecordFate(END)).toBe('keep');
  expect(await verbs.putBackNodeRecord(END)).toEqual({ kind: 'not-ours' });
  expect(await host.readText(PATH)).toBe(RECORD);
  expect(runner.lines).toEqual([]);
});

/** A record that mooring made. */
async function withOwnRecord(): Promise<VerbsUnderTest> {
  const setting = withDatabase();
  await setting.verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 });
  setting.runner.lines.length = 0;
  return setting;
}

test('a record mooring made is deleted, and found gone the second time', async () => {
  const { runner, verbs } = await withOwnRecord();
  expect(await verbs.nodeRecordFate(END)).toBe('delete');
  expect(await verbs.putBackNodeRecord(END)).toEqual({ kind: 'deleted' });
  expect(await verbs.putBackNodeRecord(END)).toEqual({ kind: 'not-ours' });
  expect(runner.lines).toEqual([DELETE]);
});

test('whose record it is outlives the process that made it', async () => {
  const { host, runner } = await withOwnRecord();
  const secrets = { resolve: () => Promise.resolve('') };
  const next = createVerbs({ runner, files: host, writer: host, secrets });
  await next.ensureNodeRecord({ ...END, loginTimeoutSeconds: 9 });
  expect(await next.putBackNodeRecord(END)).toEqual({ kind: 'deleted' });
});

test('a record that is gone is deleted, whatever the exit code', async () => {
  const { host, runner, verbs } = await withOwnRecord();
  runner.reaction = () => {
    host.drop(PATH);
    return { exitCode: 6, stderr: 'iscsiadm: encountered iSCSI database failure' };
  };
  expect(await verbs.putBackNodeRecord(END)).toEqual({ kind: 'deleted' });
});

test('a record that stays is a failed deletion, whatever the exit code', async () => {
  const { runner, verbs } = await withOwnRecord();
  runner.reaction = () => ({ exitCode: 21, stderr: 'iscsiadm: No records found' });
  expect(await verbs.putBackNodeRecord(END)).toEqual({
    kind: 'failed',
    exitCode: 21,
    said: 'iscsiadm: No records found',
  });
  expect(await verbs.nodeRecordFate(END)).toBe('delete');
});

test.each(['', '\0'.repeat(64)])(
  'a record that a power cut tore is made anew: %j',
  async (torn) => {
    const { host, runner, verbs } = await withOwnRecord();
    host.file(PATH, torn);
    runner.reaction = () => {
      host.file(PATH, RECORD);
      return {};
    };
    expect(await verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 })).toMatchObject({
      made: true,
    });
    expect(await host.readText(PATH)).toContain(`node.name = ${IQN}`);
    expect(await verbs.nodeRecordFate(END)).toBe('delete');
  },
);

test('a torn record that iscsiadm does not write over is out of its way at the next try', async () => {
  const { host, runner, verbs } = await withOwnRecord();
  host.file(PATH, '');
  runner.reaction = async () => {
    const isThere = await host.readText(PATH).then(
      () => true,
      () => false,
    );
    // As open-iscsi 2.1.8 does for an empty one, every time.
    if (isThere) return { exitCode: 6, stderr: 'encountered iSCSI database failure' };
    host.file(PATH, RECORD);
    return {};
  };
  expect(await verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 })).toMatchObject({
    made: true,
  });
  expect(await host.readText(PATH)).toContain(`node.name = ${IQN}`);
});

test('a torn record stays when iscsiadm gives no such answer: somebody may be writing it', async () => {
  const { host, runner, verbs } = await withOwnRecord();
  host.file(PATH, '');
  runner.reaction = () => ({ exitCode: 21, stderr: 'iscsiadm: No records found' });
  await expect(verbs.ensureNodeRecord({ ...END, loginTimeoutSeconds: 7 })).rejects.toThrow();
  expect(await host.readText(PATH)).toBe('');
});

test('a torn record of ours is removed, where iscsiadm finds none', async () => {
  const { host, runner, verbs } = await withOwnRecord();
  host.file(PATH, '');
  expect(await verbs.putBackNodeRecord(END)).toEqual({ kind: 'deleted' });
  expect(runner.lines).toEqual([]);
  await expect(host.readText(PATH)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a record mooring made stays as long as its session', async () => {
  const { host, runner, verbs } = await withOwnRecord();
  addSession(host, { state: 'FAILED' });
  expect(await verbs.putBackNodeRecord(END)).toMatchObject({ kind: 'busy' });
  expect(runner.lines).toEqual([]);
});
