import { addAddress } from '../guest-address.js';
import { createTarget, removeTarget, setDiscoveryChap, type Target } from '../target.js';
import { say, type FixtureWriter } from './fixture-writer.js';
import { IQN, PORTALS, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'open-iscsi-2.1.8';
const DATABASE = ['/etc/iscsi/nodes', '/etc/iscsi/send_targets', '/etc/iscsi/static'];
const [FIRST = ''] = PORTALS;
const SOURCE = `/etc/iscsi/send_targets/${FIRST.replace(':', ',')}/st_config`;
/** Capital letters and zeros: what the tools make of a spelling. */
const IPV6_PORTAL = '[FD00:0:0:0:0:0:0:7]:3260';
const IPV6_TARGET: Target = { iqn: `${IQN}-ipv6`, portals: [IPV6_PORTAL], groups: 'one' };
const CREDENTIALS = { username: 'finder', secret: 'twelve-chars-2' };
const PATIENCE_MS = 300_000;

/** What a discovery that stores nothing says, takes and leaves. */
export async function recordDiscovery(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  await host.clean();
  await makeRecordOfOthers(host);
  const before = await databaseSum(host);
  const record = async (name: string, when: string, argv: readonly string[]): Promise<void> => {
    await fixtures.command(DIRECTORY, name, { when, argv, timeoutMs: PATIENCE_MS });
    say(`  records of others are as before: ${String((await databaseSum(host)) === before)}`);
    say(`  discovery records: ${await sources(host)}`);
  };

  await record('discovery-nonpersistent', 'no discovery record', byPortal(FIRST));
  await record('discoverydb-nonpersistent-no-record', 'no discovery record', byRecord(FIRST));
  await record('discoverydb-new', 'no discovery record', database(FIRST, '-o', 'new'));
  await fixtures.layout(DIRECTORY, 'layout.discoverydb-new', {
    when: 'after iscsiadm -m discoverydb -t sendtargets -p PORTAL -o new; a node record of others',
    roots: DATABASE,
  });
  await fixtures.file(DIRECTORY, 'discovery-record.new', { when: 'after -o new', path: SOURCE });
  await record(
    'discoverydb-new-again',
    'the discovery record exists',
    database(FIRST, '-o', 'new'),
  );
  await record('discoverydb-nonpersistent', 'the discovery record exists', byRecord(FIRST));
  await record('discovery-nonpersistent-record', 'the discovery record exists', byPortal(FIRST));
  await recordCredentials(host, record);
  await record('discoverydb-delete', 'a discovery record', database(FIRST, '-o', 'delete'));
  await record('discoverydb-delete-none', 'no discovery record', database(FIRST, '-o', 'delete'));
  await fixtures.layout(DIRECTORY, 'layout.discoverydb-delete', {
    when: 'after -o delete of the one discovery record',
    roots: DATABASE,
  });
  await recordIpv6(host, record, fixtures);

  await host.must(database(FIRST, '-o', 'new'));
  await host.network.drop(FIRST);
  await record('discovery-nonpersistent-dropped', 'the portal swallows packets', byPortal(FIRST));
  await record('discoverydb-nonpersistent-dropped', 'as before, with a record', byRecord(FIRST));
  await host.network.restore();
  await host.network.reset(FIRST);
  await record('discovery-nonpersistent-reset', 'the portal resets', byPortal(FIRST));
  await host.network.restore();
  await host.must(database(FIRST, '-o', 'delete'));
  await host.clean();
}

type Recorder = (name: string, when: string, argv: readonly string[]) => Promise<void>;

/** Discovery with credentials: they can only come from a record, or from iscsid.conf. */
async function recordCredentials(host: RecordingHost, record: Recorder): Promise<void> {
  await setDiscoveryChap(host.guest, { incoming: CREDENTIALS });
  await record('discovery-chap-missing', 'CHAP is asked for, none is set', byPortal(FIRST));
  await record(
    'discoverydb-chap-missing',
    'CHAP is asked for, the record has none',
    byRecord(FIRST),
  );
  await setRecord(host, 'not-the-secret');
  await record(
    'discoverydb-chap-wrong',
    'the secret in the record is not the array’s',
    byRecord(FIRST),
  );
  await setRecord(host, CREDENTIALS.secret);
  await record(
    'discoverydb-chap-ok',
    'the record was edited by hand, the secret is right',
    byRecord(FIRST),
  );
  await record('discovery-chap-record', 'the record has the right secret', byPortal(FIRST));
  await setDiscoveryChap(host.guest, {});
  await record(
    'discoverydb-chap-not-asked',
    'the record has CHAP, the array asks for none',
    byRecord(FIRST),
  );
}

async function recordIpv6(
  host: RecordingHost,
  record: Recorder,
  fixtures: FixtureWriter,
): Promise<void> {
  await addAddress(host.guest, IPV6_PORTAL);
  await createTarget(host.guest, IPV6_TARGET);
  await record('discovery-nonpersistent-ipv6', 'an IPv6 portal', byPortal(IPV6_PORTAL));
  await record('discoverydb-new-ipv6', 'an IPv6 portal', database(IPV6_PORTAL, '-o', 'new'));
  await fixtures.layout(DIRECTORY, 'layout.discoverydb-new-ipv6', {
    when: 'after iscsiadm -m discoverydb -t sendtargets -p [FD00:0:0:0:0:0:0:7]:3260 -o new',
    roots: DATABASE,
  });
  await record('discoverydb-nonpersistent-ipv6', 'its record exists', byRecord(IPV6_PORTAL));
  const other = '[fd00::7]:3260';
  await record('discoverydb-nonpersistent-ipv6-other', 'another spelling', byRecord(other));
  await record(
    'discoverydb-delete-ipv6',
    'its record exists',
    database(IPV6_PORTAL, '-o', 'delete'),
  );
  await removeTarget(host.guest, IPV6_TARGET.iqn);
}

function database(portal: string, ...args: string[]): string[] {
  return ['iscsiadm', '-m', 'discoverydb', '-t', 'sendtargets', '-p', portal, ...args];
}

function byRecord(portal: string): string[] {
  return database(portal, '-I', 'default', '--discover', '-o', 'nonpersistent');
}

function byPortal(portal: string): string[] {
  const discovery = ['iscsiadm', '-m', 'discovery', '-t', 'sendtargets', '-p', portal];
  return [...discovery, '-I', 'default', '-o', 'nonpersistent'];
}

/** A record as an administrator keeps one, with everything a discovery could overwrite. */
async function makeRecordOfOthers(host: RecordingHost): Promise<void> {
  await host.newRecord(FIRST, {
    'node.startup': 'automatic',
    'node.session.scan': 'auto',
    'node.session.auth.authmethod': 'CHAP',
    'node.session.auth.username': 'somebody',
    'node.session.auth.password': 'not-ours-to-touch',
  });
}

/** By hand, as a secret is no argument of any command. */
async function setRecord(host: RecordingHost, secret: string): Promise<void> {
  const settings = {
    authmethod: 'CHAP',
    username: CREDENTIALS.username,
    password: secret,
  };
  const edits = Object.entries(settings).map(([name, value]) => {
    const key = `discovery.sendtargets.auth.${name}`;
    return `sed -i '/^${key.replaceAll('.', '\\.')} =/d' ${SOURCE}
      sed -i '/^discovery.type/a ${key} = ${value}' ${SOURCE}`;
  });
  await host.guest.script(edits.join('\n'));
}

async function databaseSum(host: RecordingHost): Promise<string> {
  return host.guest.script(
    `find /etc/iscsi/nodes -type f -exec sha256sum {} + | sort | sha256sum; find /etc/iscsi/nodes | sort`,
  );
}

async function sources(host: RecordingHost): Promise<string> {
  const found = await host.guest.script(
    `find /etc/iscsi/send_targets -mindepth 1 -printf '%P %y %m\\n' | sort | tr '\\n' ';'
     find /etc/iscsi/send_targets -type f -exec sha256sum {} + | cut -c 1-8 | tr '\\n' ' '`,
  );
  return found === '' ? 'none' : found;
}
