import { say, type FixtureWriter } from './fixture-writer.js';
import { LUN_1, PORTALS, WWID_1, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'multipath-tools-0.9.4';
const MAP = `/dev/disk/by-id/dm-uuid-mpath-${WWID_1}`;
const PATHS = ['multipathd', 'show', 'paths', 'raw', 'format', '%d %w %i %t %o'];
const WWIDS = '/etc/multipath/wwids';
const [FIRST = ''] = PORTALS;

/** Debian's defaults: no multipath.conf, so a map is made for a WWID in the wwids file only. */
export async function recordMaps(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  const record = (name: string, when: string, argv: readonly string[]) =>
    fixtures.command(DIRECTORY, name, { when, argv });
  const links = (name: string, when: string) =>
    fixtures.layout(DIRECTORY, `by-id.${name}`, {
      when,
      roots: ['/dev/disk/by-id', '/dev/mapper'],
    });

  await host.clean();
  await record('show-maps-none', 'there is no map', ['multipathd', 'show', 'maps', 'json']);
  await record('show-map-none', 'there is no such map', [
    ...['multipathd', 'show', 'map', WWID_1, 'json'],
  ]);
  await record('show-paths-none', 'there is no path', PATHS);
  await record('add-map-no-path', 'multipathd knows no path of the WWID', [
    ...['multipathd', 'add', 'map', WWID_1],
  ]);
  await record('flush-none', 'there is no such map', ['multipath', '-f', WWID_1]);
  await record('del-map-none', 'there is no such map', ['multipathd', 'del', 'map', WWID_1]);
  await record('add-path-none', 'there is no such device', ['multipathd', 'add', 'path', 'sdz']);
  await record('del-path-none', 'there is no such device', ['multipathd', 'del', 'path', 'sdz']);
  await record('wwid-add', 'the WWID is not in the file', ['multipath', '-a', WWID_1]);
  await fixtures.file(DIRECTORY, 'wwids.one', { when: 'after multipath -a', path: WWIDS });
  await record('wwid-add-again', 'the WWID is in the file', ['multipath', '-a', WWID_1]);
  await record('wwid-remove', 'the WWID is in the file', ['multipath', '-w', WWID_1]);
  await fixtures.file(DIRECTORY, 'wwids.removed', { when: 'after multipath -w', path: WWIDS });
  await record('wwid-remove-none', 'the WWID is not in the file', ['multipath', '-w', WWID_1]);

  await host.clean();
  for (const portal of PORTALS) await host.newRecord(portal);
  for (const portal of PORTALS) await host.login(portal);
  await host.guest.script('udevadm settle && udevadm control --stop-exec-queue');
  await host.scan(LUN_1.lun);
  await host.until('[ "$(ls /sys/block | grep -c ^sd)" = 4 ]');
  const [early = ''] = await host.disks();
  await record('add-path-before-udev', 'the device exists, udev has not looked at it', [
    ...['multipathd', 'add', 'path', early],
  ]);
  await record('show-paths-before-udev', 'one path added before udev looked at it', PATHS);
  await record('add-map-before-udev', 'four devices exist, udev has not looked at them', [
    ...['multipathd', 'add', 'map', WWID_1],
  ]);
  await host.guest.script('udevadm control --start-exec-queue && udevadm settle');
  await host.until('[ "$(multipathd show paths raw format %w | grep -c ^3)" = 4 ]');
  const disks = await host.disks();
  const [disk = ''] = disks;
  await record('show-paths-orphans', 'four paths, no map: the WWID is in no file', PATHS);
  await links('paths', 'four paths, no map');
  await record('add-path-known', 'multipathd knows the path, its WWID is in no file', [
    ...['multipathd', 'add', 'path', disk],
  ]);
  await record('add-map-ok', 'multipathd knows four paths, there is no map', [
    ...['multipathd', 'add', 'map', WWID_1],
  ]);
  await fixtures.file(DIRECTORY, 'wwids.after-add-map', { when: 'after add map', path: WWIDS });
  await record('add-map-again', 'the map exists', ['multipathd', 'add', 'map', WWID_1]);
  await record('add-path-in-map', 'the path is in the map', ['multipathd', 'add', 'path', disk]);
  await host.guest.script('udevadm settle');
  await links('map', 'four paths in their map');
  await record('show-paths-map', 'four paths in their map', PATHS);
  await record('show-maps', 'one map', ['multipathd', 'show', 'maps', 'json']);
  await record('show-map', 'the map exists', ['multipathd', 'show', 'map', WWID_1, 'json']);
  await record('show-maps-raw', 'one map', [
    ...['multipathd', 'show', 'maps', 'raw', 'format', '%n %w %d %N %Q %x %f'],
  ]);
  await record('list', 'one map', ['multipath', '-ll']);
  await record('dmsetup-table', 'one map', ['dmsetup', 'table']);
  await record('del-path-in-map', 'the path is in a map with others', [
    ...['multipathd', 'del', 'path', disk],
  ]);
  await record('show-paths-deleted', 'one of four was taken out by del path', PATHS);
  await record('add-path-back', 'the path was taken out, its WWID is in the file', [
    ...['multipathd', 'add', 'path', disk],
  ]);
  await record('fail-path', 'the path is in the map', ['multipathd', 'fail', 'path', disk]);
  await record('show-map-failed', 'one path was failed by hand', [
    ...['multipathd', 'show', 'map', WWID_1, 'json'],
  ]);
  await record('reinstate-path', 'the path was failed', ['multipathd', 'reinstate', 'path', disk]);
  await record('disablequeueing', 'the map exists', [
    'multipathd',
    'disablequeueing',
    'map',
    WWID_1,
  ]);
  await record('restorequeueing', 'queueing was disabled', [
    ...['multipathd', 'restorequeueing', 'map', WWID_1],
  ]);
  await record('resize', 'the size is as it was', ['multipathd', 'resize', 'map', WWID_1]);

  await host.guest.startDaemon('holder', ['sh', '-c', `exec sleep 600 < ${MAP}`]);
  await host.until(`ls -l /proc/*/fd/0 2>/dev/null | grep -q dm-`);
  await record('flush-in-use', 'a process has the map open', ['multipath', '-f', WWID_1]);
  await record('del-map-in-use', 'a process has the map open', [
    'multipathd',
    'del',
    'map',
    WWID_1,
  ]);
  await host.guest.killDaemon('holder', 'SIGKILL');
  await host.guest.script('udevadm settle');
  await record('flush-ok', 'nobody has the map open', ['multipath', '-f', WWID_1]);
  await fixtures.file(DIRECTORY, 'wwids.after-flush', { when: 'after multipath -f', path: WWIDS });
  await record('show-paths-flushed', 'the map was flushed', PATHS);
  await host.guest.script('udevadm settle');
  say(`maps two seconds after the flush: ${await countMaps(host)}`);
  await links('flushed', 'the map was flushed, its paths are still there');
  await host.guest.script(`udevadm trigger --action=change /dev/${disk}; udevadm settle; sleep 2`);
  say(`maps after a change event of a path, WWID still in the file: ${await countMaps(host)}`);
  await host.must(['multipathd', 'add', 'map', WWID_1]);
  await host.guest.script('udevadm settle; sleep 1');
  await record('del-map-ok', 'nobody has the map open', ['multipathd', 'del', 'map', WWID_1]);
  await host.until('! ls /sys/block | grep -q ^dm-');
  await record('wwid-remove-after-flush', 'the map was flushed', ['multipath', '-w', WWID_1]);
  await host.guest.script(
    disks.map((name) => `echo 1 > /sys/block/${name}/device/delete`).join('\n'),
  );
  await record('show-paths-just-deleted', 'right after all paths were deleted', PATHS);
  const forgotMs = await host.until(
    '[ "$(multipathd show paths raw format %d | grep -c ^sd)" = 0 ]',
  );
  say(`multipathd forgot four deleted paths within ${String(forgotMs)} ms`);
  await host.guest.script('udevadm settle');
  await links('detached', 'map flushed, paths deleted');

  await host.guest.script('systemctl stop multipathd.service multipathd.socket', {
    timeoutMs: 60_000,
  });
  await record('stopped-show-paths', 'the daemon is stopped, its socket unit too', PATHS);
  await record('stopped-add-map', 'the daemon is stopped', ['multipathd', 'add', 'map', WWID_1]);
  await record('stopped-flush-none', 'the daemon is stopped, there is no such map', [
    ...['multipath', '-f', WWID_1],
  ]);
  await host.guest.script('systemctl start multipathd.socket multipathd.service');
}

async function countMaps(host: RecordingHost): Promise<string> {
  return host.guest.script('sleep 2; ls /sys/block | grep -c ^dm- || true');
}

/** Ways to a map over one path, in turn, timed from the scan until the map's link is there. */
export async function timeMapRecipes(host: RecordingHost, rounds: number): Promise<void> {
  const retry = (command: string): string =>
    `until [ "$(${command} 2>&1)" = ok ]; do sleep 0.05; done`;
  const recipes: Record<string, { before?: string; after: string }> = {
    'add map, repeated until ok': { after: retry(`multipathd add map ${WWID_1}`) },
    'multipath -a before the scan, then wait': { before: `multipath -a ${WWID_1}`, after: 'true' },
    'multipath -a before, then add map repeated': {
      before: `multipath -a ${WWID_1}`,
      after: retry(`multipathd add map ${WWID_1}`),
    },
    'multipath -a before, then add path repeated': {
      before: `multipath -a ${WWID_1}`,
      after: retry('multipathd add path $disk'),
    },
    'udevadm settle, then add map repeated': {
      after: `udevadm settle; ${retry(`multipathd add map ${WWID_1}`)}`,
    },
    'multipath DEVICE, after settle': { after: `udevadm settle; multipath /dev/$disk || true` },
    'multipath -a before, then multipath DEVICE': {
      before: `multipath -a ${WWID_1}`,
      after: `multipath /dev/$disk || true`,
    },
  };
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, recipe] of Object.entries(recipes)) {
      await host.clean();
      await host.newRecord(FIRST);
      await host.login(FIRST);
      const [scsiHost = ''] = await host.scsiHosts();
      const result = await host.guest.run(
        ['bash', '--norc', '-c', timedRecipe({ before: 'true', ...recipe, scsiHost })],
        { timeoutMs: 60_000 },
      );
      say(
        `${name} #${String(round)}: ${result.stdout.trim()}${result.timedOut ? ' TIMED OUT' : ''} ${result.stderr.trim()}`,
      );
    }
  }
  await host.clean();
}

function timedRecipe(recipe: { before: string; after: string; scsiHost: string }): string {
  return `
    now() { echo $(($(date +%s%N) / 1000000)); }
    ${recipe.before} > /dev/null
    start=$(now)
    echo '0 0 1' > /sys/class/scsi_host/host${recipe.scsiHost}/scan
    until disk=$(ls /sys/block | grep ^sd); do sleep 0.01; done
    echo -n "device $(($(now) - start))"
    ${recipe.after}
    echo -n ", asked $(($(now) - start))"
    for look in $(seq 200); do [ ! -e /sys/block/dm-0 ] || break; sleep 0.05; done
    [ -e /sys/block/dm-0 ] || { echo -n ', no map'; exit 0; }
    echo -n ", dm $(($(now) - start))"
    until [ -e ${MAP} ]; do sleep 0.05; done
    echo -n ", link $(($(now) - start))"
    until dd if=${MAP} of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; do sleep 0.05; done
    echo ", readable $(($(now) - start)) ms"`;
}
