import { setChap } from '../target.js';
import { say, type FixtureWriter } from './fixture-writer.js';
import { IQN, PORTALS, TARGET, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'open-iscsi-2.1.8';
const DATABASE = ['/etc/iscsi/nodes', '/etc/iscsi/send_targets', '/etc/iscsi/ifaces'];
const [FIRST = ''] = PORTALS;
const RECORD = `/etc/iscsi/nodes/${IQN}/${FIRST.replace(':', ',')}`;
/** One attempt of three seconds: what a bounded caller sets. */
const BOUNDED = {
  'node.conn[0].timeo.login_timeout': '3',
  'node.session.initial_login_retry_max': '1',
};

/** What the node database looks like after each way to make a record. */
export async function recordNodeRecords(
  host: RecordingHost,
  fixtures: FixtureWriter,
): Promise<void> {
  await host.clean();
  await host.must(host.node(FIRST, '-o', 'new'));
  await fixtures.layout(DIRECTORY, 'layout.new', {
    when: 'after iscsiadm -m node -T IQN -p PORTAL -o new',
    roots: DATABASE,
  });
  await fixtures.file(DIRECTORY, 'node-record.new', { when: 'after -o new', path: RECORD });
  await host.login(FIRST);
  await fixtures.layout(DIRECTORY, 'layout.logged-in', { when: 'after --login', roots: DATABASE });
  await fixtures.file(DIRECTORY, 'node-record.logged-in', { when: 'after --login', path: RECORD });

  await host.clean();
  await fixtures.command(DIRECTORY, 'new-ipv6', {
    when: 'no record exists',
    argv: host.node('[::1]:3260', '-o', 'new'),
  });
  await fixtures.layout(DIRECTORY, 'layout.new-ipv6', {
    when: 'after -o new for the portal [::1]:3260',
    roots: DATABASE,
  });

  await host.clean();
  await host.must(['iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'new']);
  await fixtures.command(DIRECTORY, 'new-iface', {
    when: 'no record exists; iface lab0 does',
    argv: host.node(FIRST, '-I', 'lab0', '-o', 'new'),
  });
  await fixtures.layout(DIRECTORY, 'layout.new-iface', {
    when: 'after -o new -I lab0',
    roots: DATABASE,
  });
  await host.must(host.node(FIRST, '-I', 'default', '-o', 'new'));
  await fixtures.layout(DIRECTORY, 'layout.new-two-ifaces', {
    when: 'after -o new -I lab0, then -o new -I default, for one portal',
    roots: DATABASE,
  });
  await fixtures.command(DIRECTORY, 'nodes-two-ifaces', {
    when: 'after -o new -I lab0, then -o new -I default, for one portal',
    argv: ['iscsiadm', '-m', 'node', '-P', '1'],
  });
  await host.must(['iscsiadm', '-m', 'iface', '-I', 'lab0', '-o', 'delete']);

  await host.clean();
  await fixtures.command(DIRECTORY, 'discovery', {
    when: 'the portal answers; the database is empty',
    argv: ['iscsiadm', '-m', 'discovery', '-t', 'sendtargets', '-p', FIRST],
  });
  await fixtures.layout(DIRECTORY, 'layout.discovered', {
    when: 'after iscsiadm -m discovery -t sendtargets',
    roots: DATABASE,
  });
  await fixtures.command(DIRECTORY, 'new-after-discovery', {
    when: 'a discovery has made a record for the portal, with its TPGT',
    argv: host.node(FIRST, '-o', 'new'),
  });
  await fixtures.layout(DIRECTORY, 'layout.new-after-discovery', {
    when: 'after -o new for a portal that a discovery has made a record for',
    roots: DATABASE,
  });
  await fixtures.command(DIRECTORY, 'login-two-records', {
    when: 'a record of a discovery and one of -o new, for one portal',
    argv: host.node(FIRST, '--login'),
  });
  await fixtures.command(DIRECTORY, 'delete-two-records', {
    when: 'two records for one portal; the session was logged out',
    argv: [
      'sh',
      '-c',
      `${host.node(FIRST, '--logout').join(' ')} && ${host.node(FIRST, '-o', 'delete').join(' ')}`,
    ],
  });
  await fixtures.layout(DIRECTORY, 'layout.delete-two-records', {
    when: 'after -o delete for the portal with two records',
    roots: DATABASE,
  });
  await fixtures.command(DIRECTORY, 'discovery-refused', {
    when: 'nothing listens on the port',
    argv: ['iscsiadm', '-m', 'discovery', '-t', 'sendtargets', '-p', '127.0.2.1:3999'],
    timeoutMs: 90_000,
  });
}

/** How each command ends, and what it says. */
export async function recordCommands(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  const record = (name: string, when: string, argv: readonly string[]) =>
    fixtures.command(DIRECTORY, name, { when, argv, timeoutMs: 150_000 });

  await host.clean();
  await record('version', 'at any time', ['iscsiadm', '--version']);
  await record('sessions-none', 'there is no session', ['iscsiadm', '-m', 'session']);
  await record('nodes-none', 'there is no record', ['iscsiadm', '-m', 'node']);
  await record('node-none', 'there is no record of this name', host.node(FIRST));
  await record('login-no-record', 'there is no record', host.node(FIRST, '--login'));
  await record('update-no-record', 'there is no record', [
    ...host.node(FIRST, '-o', 'update', '-n', 'node.startup', '-v', 'manual'),
  ]);
  await record('delete-none', 'there is no record', host.node(FIRST, '-o', 'delete'));
  await record('logout-no-record', 'there is no record', host.node(FIRST, '--logout'));
  await record('new-ok', 'there is no record', host.node(FIRST, '-o', 'new'));
  await record('new-again', 'the record exists', host.node(FIRST, '-o', 'new'));
  await host.newRecord(FIRST);
  await record('logout-none', 'the record exists, no session does', host.node(FIRST, '--logout'));
  await record('login-ok', 'the portal answers, no session exists', host.node(FIRST, '--login'));
  await record('login-again', 'the session exists', host.node(FIRST, '--login'));
  await record('new-logged-in', 'record and session exist', host.node(FIRST, '-o', 'new'));
  await record('sessions-one', 'there is one session', ['iscsiadm', '-m', 'session']);
  await record('delete-logged-in', 'the session exists', host.node(FIRST, '-o', 'delete'));
  await record('logout-ok', 'the session exists', host.node(FIRST, '--logout'));
  await record('delete-ok', 'the record exists, no session does', host.node(FIRST, '-o', 'delete'));

  await host.newRecord(FIRST);
  await host.login(FIRST);
  const [sid = ''] = await host.sessionIds();
  await record('logout-by-sid', `session ${sid} exists`, [
    ...['iscsiadm', '-m', 'session', '-r', sid, '--logout'],
  ]);
  await record('logout-by-sid-none', `session ${sid} is gone`, [
    ...['iscsiadm', '-m', 'session', '-r', sid, '--logout'],
  ]);
  await host.login(FIRST);
  await host.guest.script(`rm -rf /etc/iscsi/nodes/${IQN}`);
  await record('logout-record-gone', 'the session exists, its record was removed', [
    ...host.node(FIRST, '--logout'),
  ]);
  await host.newRecord(FIRST);
  await host.login(FIRST);
  const [third = ''] = await host.sessionIds();
  await host.guest.script(`rm -rf /etc/iscsi/nodes/${IQN}`);
  await record('logout-by-sid-record-gone', 'the session exists, its record was removed', [
    ...['iscsiadm', '-m', 'session', '-r', third, '--logout'],
  ]);
}

/** Logins that must fail, each with bounded settings. */
export async function recordFailedLogins(
  host: RecordingHost,
  fixtures: FixtureWriter,
): Promise<void> {
  await host.clean();
  const login = (name: string, when: string) =>
    fixtures.command(DIRECTORY, name, {
      when: `${when}; login_timeout 3, initial_login_retry_max 1`,
      argv: host.node(FIRST, '--login'),
      timeoutMs: 150_000,
    });

  await host.newRecord(FIRST, BOUNDED);
  await host.network.drop(FIRST);
  await login('login-dropped', 'the portal swallows packets');
  await host.network.restore();
  await host.network.reset(FIRST);
  await login('login-reset', 'the portal answers with a reset');
  await host.network.restore();

  const credentials = { username: 'lab', secret: 'twelve-chars-1' };
  await setChap(host.guest, TARGET, { incoming: credentials });
  await login('login-chap-missing', 'the target asks for CHAP, the record has none');
  await host.newRecord(FIRST, {
    ...BOUNDED,
    'node.session.auth.authmethod': 'CHAP',
    'node.session.auth.username': 'lab',
    'node.session.auth.password': 'not-the-secret',
  });
  await login('login-chap-wrong', 'the secret in the record is not the target’s');
  await fixtures.file(DIRECTORY, 'node-record.chap', { when: 'with CHAP settings', path: RECORD });
  await setChap(host.guest, TARGET, {});
  await host.clean();

  const wrong = ['iscsiadm', '-m', 'node', '-T', `${IQN}-not-there`, '-p', FIRST];
  await host.must([...wrong, '-o', 'new']);
  const settings = Object.entries(BOUNDED).flatMap(([name, value]) => ['-n', name, '-v', value]);
  await host.must([...wrong, '-o', 'update', ...settings]);
  await fixtures.command(DIRECTORY, 'login-wrong-target', {
    when: 'no such target at the portal; login_timeout 3, initial_login_retry_max 1',
    argv: [...wrong, '--login'],
    timeoutMs: 150_000,
  });
  await host.clean();
}

/** Four programs at once, as a caller would run them who attaches over four portals. */
export async function recordParallelLogins(host: RecordingHost, rounds: number): Promise<void> {
  await host.clean();
  for (let round = 1; round <= rounds; round += 1) {
    const steps: [string, (portal: string) => string[]][] = [
      ['new', (portal) => host.node(portal, '-o', 'new')],
      [
        'update',
        (portal) => host.node(portal, '-o', 'update', '-n', 'node.session.scan', '-v', 'manual'),
      ],
      ['login', (portal) => host.node(portal, '--login')],
      ['logout', (portal) => host.node(portal, '--logout')],
      ['delete', (portal) => host.node(portal, '-o', 'delete')],
    ];
    for (const [step, argv] of steps) {
      const started = performance.now();
      const results = await Promise.all(PORTALS.map((portal) => host.guest.run(argv(portal))));
      const tookMs = Math.round(performance.now() - started);
      const codes = results.map(({ code }) => String(code)).join(' ');
      say(`parallel ${step} #${String(round)}: exits ${codes}, ${String(tookMs)} ms`);
      for (const { stderr } of results)
        if (stderr !== '') say(`  ${stderr.trim().replaceAll('\n', '\n  ')}`);
    }
    await host.clean();
  }
}
