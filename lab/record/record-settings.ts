import { say, type FixtureWriter } from './fixture-writer.js';
import { LUN_1, PORTALS, WWID_1, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'multipath-tools-0.9.4';
const CONFIG = '/etc/multipath.conf';
const [FIRST = '', SECOND = ''] = PORTALS;
const PATHS = ['multipathd', 'show', 'paths', 'raw', 'format', '%d %w %m %t %o %T'];
/** udev, multipathd and, with `smart`, udev's own wait for a second path are done by then. */
const SETTLED = 'udevadm settle; sleep 3';

/** What comes by itself under each value of `find_multipaths`. */
export async function recordSettings(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  for (const value of ['strict', 'smart', 'yes', 'no']) {
    await configure(host, `find_multipaths ${value}`);
    const record = (name: string, when: string): Promise<void> =>
      lookAtPaths(host, fixtures, `find-multipaths-${value}-${name}`, when);
    for (const portal of [FIRST, SECOND]) await host.newRecord(portal);
    await host.login(FIRST);
    await host.scan(LUN_1.lun);
    await record('one-path', `find_multipaths ${value}; one path, the WWID in no file`);
    await host.login(SECOND);
    await host.scan(LUN_1.lun);
    await record('two-paths', `find_multipaths ${value}; two paths, nobody asked for a map`);
    await host.until(`[ "$(multipathd add map ${WWID_1})" = ok ]`);
    await host.guest.script('udevadm settle');
    await host.until(`multipath -f ${WWID_1}`);
    await record('flushed', `find_multipaths ${value}; the map was flushed`);
    await host.guest.script(`udevadm trigger --action=change /dev/sda; ${SETTLED}`);
    await record('flushed-event', `find_multipaths ${value}; a change event after the flush`);
    await host.must(['multipath', '-w', WWID_1]);
    await host.guest.script(`udevadm trigger --action=change /dev/sda; ${SETTLED}`);
    await record(
      'forgotten-event',
      `find_multipaths ${value}; the WWID is forgotten, another event`,
    );
    await host.clean();
  }
  await unconfigure(host);
}

/** What a friendly name changes for who asks by WWID. */
export async function recordFriendlyNames(
  host: RecordingHost,
  fixtures: FixtureWriter,
): Promise<void> {
  const when = 'user_friendly_names yes; one path';
  await configure(host, 'user_friendly_names yes');
  await host.newRecord(FIRST);
  await host.login(FIRST);
  await host.scan(LUN_1.lun);
  await host.guest.script(SETTLED);
  const command = (name: string, argv: readonly string[]): Promise<unknown> =>
    fixtures.command(DIRECTORY, name, { when, argv });
  await command('friendly-add-map', ['multipathd', 'add', 'map', WWID_1]);
  await command('friendly-show-maps', ['multipathd', 'show', 'maps', 'raw', 'format', '%n %w']);
  await host.guest.script(SETTLED);
  await command('friendly-show-map-by-wwid', ['multipathd', 'show', 'map', WWID_1, 'json']);
  await command('friendly-show-map-by-name', ['multipathd', 'show', 'map', 'mpatha', 'json']);
  await fixtures.layout(DIRECTORY, 'by-id.friendly', { when, roots: ['/dev/disk/by-id'] });
  const bindings = '/etc/multipath/bindings';
  await fixtures.file(DIRECTORY, 'bindings.friendly', { when, path: bindings });
  await command('friendly-flush-by-wwid', ['multipath', '-f', WWID_1]);
  await host.clean();
  await host.guest.script(`rm -f ${bindings}`);
  await unconfigure(host);
}

async function unconfigure(host: RecordingHost): Promise<void> {
  await host.guest.script(`rm -f ${CONFIG}; multipathd reconfigure; sleep 2`);
}

async function configure(host: RecordingHost, setting: string): Promise<void> {
  await host.clean();
  await host.guest.writeFile(CONFIG, `defaults {\n  ${setting}\n}\n`);
  await host.must(['multipathd', 'reconfigure']);
  const [name = '', value = ''] = setting.split(' ');
  // Two of the values have other names in there.
  const said = { yes: '(yes|on)', no: 'off' }[value] ?? value;
  await host.until(`multipathd show config | grep -Eq '${name} "${said}"'`);
}

async function lookAtPaths(
  host: RecordingHost,
  fixtures: FixtureWriter,
  name: string,
  when: string,
): Promise<void> {
  await host.guest.script(SETTLED);
  const { stdout } = await fixtures.command(DIRECTORY, name, { when, argv: PATHS });
  const seen = await host.guest.script(`
    echo "maps: $(ls /sys/block | grep -c ^dm- || true)"
    grep -v '^#' /etc/multipath/wwids || true
    for disk in $(ls /sys/block | grep ^sd); do
      udevadm info -q property /dev/$disk | grep -E 'MULTIPATH|SYSTEMD_READY' | sed "s/^/$disk /" || true
    done`);
  say(`${stdout.trimEnd()}\n${seen}`);
}
