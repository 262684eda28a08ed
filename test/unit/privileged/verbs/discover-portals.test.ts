import { describe, expect, test } from 'vitest';
import { createVerbs } from '../../../../src/privileged/create-verbs.js';
import { parseSettings } from '../../../../src/host/iscsiadm/node-record.js';
import { verbsUnderTest, type VerbsUnderTest } from '../../../support/verbs-under-test.js';

const PORTAL = '10.0.0.1:3260';
const IQN = 'iqn.2026-11.io.example:array1';
const RECORD = '/etc/iscsi/send_targets/10.0.0.1,3260/st_config';
const OTHERS =
  '# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.auth.authmethod = CHAP\n' +
  'discovery.sendtargets.auth.username = somebody\n# END RECORD\n';
const FRESH = '# BEGIN RECORD 2.1.8\ndiscovery.sendtargets.auth.authmethod = None\n# END RECORD\n';
const INPUT = { portal: PORTAL, iface: 'default' };
const CHAP = { username: 'db-17', secretRef: 'file:out' };
const ANSWER = `${PORTAL},1 ${IQN}\n[fd00::7]:3260,1 ${IQN}\n`;
const DISCOVERY = `iscsiadm -m discovery -t sendtargets -p ${PORTAL} -I default -o nonpersistent`;

/** iscsiadm as far as discovery records go; says what the record said while it discovered. */
function withDiscovery(): VerbsUnderTest & { readonly used: Record<string, string>[] } {
  const setting = verbsUnderTest();
  const { host, runner } = setting;
  const used: Record<string, string>[] = [];
  runner.reaction = async ({ args }) => {
    if (args.includes('new')) host.file(RECORD, FRESH);
    if (args.includes('delete')) host.drop('/etc/iscsi/send_targets/10.0.0.1,3260');
    if (!args.includes('nonpersistent')) return {};
    if (args.includes('discoverydb')) {
      used.push(Object.fromEntries(parseSettings(await host.readText(RECORD))));
    }
    return { stdout: ANSWER };
  };
  return { ...setting, used };
}

test('without credentials nothing is stored and nobody’s record is used', async () => {
  const { host, runner, verbs } = withDiscovery();
  host.file(RECORD, OTHERS);

  expect(await verbs.discoverPortals(INPUT)).toEqual({
    kind: 'found',
    targets: [
      { portal: PORTAL, iqn: IQN },
      { portal: '[fd00::7]:3260', iqn: IQN },
    ],
  });
  expect(runner.lines).toEqual([DISCOVERY]);
  expect(await host.readText(RECORD)).toBe(OTHERS);
});

describe('with credentials', () => {
  test('a record carries them as long as it takes, and no argument does', async () => {
    const { host, runner, verbs, used } = withDiscovery();

    const outcome = await verbs.discoverPortals({
      ...INPUT,
      chap: CHAP,
      mutualChap: { username: 'array1', secretRef: 'file:in' },
    });

    expect(outcome.kind).toBe('found');
    expect(used).toEqual([
      {
        'discovery.sendtargets.auth.authmethod': 'CHAP',
        'discovery.sendtargets.auth.username': 'db-17',
        'discovery.sendtargets.auth.password': 'marker-secret-out',
        'discovery.sendtargets.auth.username_in': 'array1',
        'discovery.sendtargets.auth.password_in': 'marker-secret-in',
      },
    ]);
    expect(runner.lines.join(' ')).not.toContain('marker-secret');
    expect(await host.list('/etc/iscsi/send_targets')).toEqual([]);
    expect(await host.list('/etc/iscsi/mooring/discovery')).toEqual([]);
  });

  test('a record of somebody else says afterwards what it said before', async () => {
    const { host, verbs, used } = withDiscovery();
    host.file(RECORD, OTHERS);

    await verbs.discoverPortals({ ...INPUT, chap: CHAP });

    expect(used[0]).toMatchObject({ 'discovery.sendtargets.auth.username': 'db-17' });
    expect(await host.readText(RECORD)).toBe(OTHERS);
  });

  test('what a killed process left is put right by the next', async () => {
    const { host, runner, verbs } = withDiscovery();
    host.file(RECORD, OTHERS);
    const react = runner.reaction;
    const died = new Promise<string>((resolve) => {
      runner.reaction = async () => {
        resolve(await host.readText(RECORD));
        return new Promise(() => undefined);
      };
    });
    void verbs.discoverPortals({ ...INPUT, chap: CHAP });
    expect(await died).toContain('marker-secret-out');

    runner.reaction = react;
    const secrets = { resolve: () => Promise.resolve('other-secret') };
    const next = createVerbs({ runner, files: host, writer: host, secrets });
    await next.discoverPortals({ ...INPUT, chap: CHAP });

    expect(await host.readText(RECORD)).toBe(OTHERS);
    expect(await host.list('/etc/iscsi/mooring/discovery')).toEqual([]);
  });
});

test.each([
  [24, 'refused'],
  [4, 'unreachable'],
  [21, 'no-target'],
  [20, 'not-ready'],
])('exit %i is named %s', async (exitCode, kind) => {
  const { runner, verbs } = verbsUnderTest();
  runner.reaction = () => ({ exitCode, stderr: 'iscsiadm: said so' });
  expect(await verbs.discoverPortals(INPUT)).toMatchObject({ kind, exitCode });
});

test('an iface without a record is refused before anything is run', async () => {
  const { runner, verbs } = verbsUnderTest();
  await expect(verbs.discoverPortals({ ...INPUT, iface: 'eth9' })).rejects.toMatchObject({
    name: 'InvalidInput',
    field: 'connection.iface',
  });
  expect(runner.lines).toEqual([]);
});
