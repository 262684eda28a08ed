import { say, type FixtureWriter } from './fixture-writer.js';
import { IQN, LUN_1, PORTALS, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'open-iscsi-2.1.8';
const [FIRST = ''] = PORTALS;

/** Two ifaces on one portal: records, sessions and devices. */
export async function recordIfaces(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  await host.clean();
  await host.must(['iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'new']);
  await host.must([
    ...['iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'update'],
    ...['-n', 'iface.net_ifacename', '-v', 'lo'],
  ]);
  const record = (name: string, when: string, argv: readonly string[]): Promise<unknown> =>
    fixtures.command(DIRECTORY, name, { when, argv, timeoutMs: 150_000 });
  const through = (iface: string, ...args: string[]): string[] =>
    host.node(FIRST, '-I', iface, ...args);

  await record('iface-login-bound', 'a record of -o new -I lab0, bound to lo', [
    ...[
      'sh',
      '-c',
      `${through('lab0', '-o', 'new').join(' ')} && ${through('lab0', '--login').join(' ')}`,
    ],
  ]);
  say(await sessions(host));
  await record('iface-login-second', 'a session through lab0; the record made anew for default', [
    ...[
      'sh',
      '-c',
      `${through('default', '-o', 'new').join(' ')} && ${through('default', '--login').join(' ')}`,
    ],
  ]);
  say(await sessions(host));
  await record('iface-sessions-two', 'two sessions to one portal', [
    ...['iscsiadm', '-m', 'session', '-P', '1'],
  ]);
  await host.scan(LUN_1.lun);
  await host.guest.script('udevadm settle');
  say(`disks: ${(await host.disks()).join(' ')}`);
  await record('iface-logout-one', 'two sessions, the record is of default', [
    ...through('lab0', '--logout'),
  ]);
  say(await sessions(host));
  await record(
    'iface-logout-portal',
    'as left by the command before',
    host.node(FIRST, '--logout'),
  );
  say(await sessions(host));
  await host.clean();

  await record('iface-discovery-two', 'the database is empty; ifaces lab0 and default', [
    ...['iscsiadm', '-m', 'discovery', '-t', 'sendtargets', '-p', FIRST],
    ...['-I', 'lab0', '-I', 'default'],
  ]);
  await fixtures.layout(DIRECTORY, 'layout.discovered-two-ifaces', {
    when: 'after a discovery with -I lab0 -I default',
    roots: [`/etc/iscsi/nodes/${IQN}`],
  });
  await record('iface-login-all', 'both records of a discovery', host.node(FIRST, '--login'));
  say(await sessions(host));
  await host.clean();
  await host.must(['iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'delete']);
}

async function sessions(host: RecordingHost): Promise<string> {
  return host.guest.script(`
    for session in $(ls /sys/class/iscsi_session 2> /dev/null || true); do
      echo "  $session $(cat /sys/class/iscsi_session/$session/ifacename) $(cat /sys/class/iscsi_session/$session/state)"
    done`);
}
