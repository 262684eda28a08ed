import { say, type FixtureWriter } from './fixture-writer.js';
import { LUN_1, PORTALS, WWID_1, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'linux-6.1';
/** Enough to tell "fails" from "hangs": error recovery of a session is set to 5 s below. */
const PATIENCE_MS = 20_000;

/** Flushing while paths are well, and while every portal swallows packets. */
export async function recordFlushes(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  const device = (await bringUp(host)).trim();
  const record = (name: string, when: string, argv: readonly string[]) =>
    fixtures.command(DIRECTORY, name, { when, argv, timeoutMs: PATIENCE_MS });

  await record('sync-ok', 'the map has four good paths', ['sync', device]);
  await record('flushbufs-ok', 'the map has four good paths', ['blockdev', '--flushbufs', device]);
  await holdUnwritten(host, device);
  await dropAll(host);
  await record('sync-dropped', 'unwritten data; all portals just dropped, the map queues', [
    ...['timeout', '-k', '1', '8', 'sync', device],
  ]);
  await host.until(`[ "$(multipathd show paths raw format '%t' | grep -c failed)" = 4 ]`, {
    withinMs: 90_000,
  });
  await fixtures.command('multipath-tools-0.9.4', 'show-map-all-failed', {
    when: 'all portals dropped for longer than recovery_tmo',
    argv: ['multipathd', 'show', 'map', WWID_1, 'json'],
  });
  await fixtures.sysfs(
    'sysfs.all-paths-failed',
    'four sessions, portals dropped, all paths failed',
  );
  await record('flushbufs-dropped', 'unwritten data; all paths failed, the map queues', [
    ...['timeout', '-k', '1', '8', 'blockdev', '--flushbufs', device],
  ]);
  await host.guest.killDaemon('holder', 'SIGKILL').catch(() => undefined);
  await fixtures.command('multipath-tools-0.9.4', 'flush-queueing', {
    when: 'all paths failed, the map queues, writes are stuck',
    argv: ['timeout', '-k', '1', '8', 'multipath', '-f', WWID_1],
    timeoutMs: PATIENCE_MS,
  });
  await fixtures.command('multipath-tools-0.9.4', 'disablequeueing-all-failed', {
    when: 'all paths failed, writes are stuck',
    argv: ['multipathd', 'disablequeueing', 'map', WWID_1],
  });
  await fixtures.command('multipath-tools-0.9.4', 'show-map-all-failed-no-queueing', {
    when: 'all paths failed, queueing was disabled',
    argv: ['multipathd', 'show', 'map', WWID_1, 'json'],
  });
  await record('sync-failed', 'the stuck writes have failed: queueing was disabled', [
    'sync',
    device,
  ]);
  await record('sync-failed-again', 'as before, asked once more', ['sync', device]);
  await record('flushbufs-failed', 'as before', ['blockdev', '--flushbufs', device]);
  await record('read-failed', 'as before', [
    ...['dd', `if=${device}`, 'of=/dev/null', 'bs=4k', 'count=1', 'iflag=direct'],
  ]);
  await host.until(`multipath -f ${WWID_1}`);
  await host.clean();
}

/** Taking paths away whose portal is silent, before the kernel has given them up. */
export async function recordSilentRemovals(
  host: RecordingHost,
  fixtures: FixtureWriter,
): Promise<void> {
  await bringUp(host);
  await host.guest.script('udevadm settle');
  await host.until(`multipath -f ${WWID_1}`);
  await dropAll(host);
  const [disk = ''] = await host.disks();
  await fixtures.command(DIRECTORY, 'delete-dropped', {
    when: 'the portal has just gone silent, replacement_timeout is 5 s',
    argv: ['sh', '-c', `echo 1 > /sys/block/${disk}/device/delete`],
    timeoutMs: 60_000,
  });
  await fixtures.command('open-iscsi-2.1.8', 'logout-dropped', {
    when: 'the portal has just gone silent, replacement_timeout is 5 s',
    argv: host.node(PORTALS[0] ?? '', '--logout'),
    timeoutMs: 60_000,
  });
  await host.until('grep -qE "FAILED|FREE" /sys/class/iscsi_session/*/state', { withinMs: 60_000 });
  await fixtures.command('open-iscsi-2.1.8', 'logout-failed-session', {
    when: 'the session is FAILED, its portal still silent',
    argv: host.node(PORTALS[1] ?? '', '--logout'),
    timeoutMs: 60_000,
  });
  await host.clean();
}

/** Data in the page cache that stays there: the last close of a device would write it. */
async function holdUnwritten(host: RecordingHost, device: string): Promise<void> {
  await host.guest.startDaemon('holder', ['sh', '-c', `exec sleep 600 < ${device}`]);
  await host.until(`ls -l /proc/*/fd/0 2>/dev/null | grep -q dm-`);
  await host.guest.script(`dd if=/dev/zero of=${device} bs=4k count=4 conv=notrunc 2>/dev/null`);
}

async function dropAll(host: RecordingHost): Promise<void> {
  for (const portal of PORTALS) await host.network.drop(portal);
}

async function bringUp(host: RecordingHost): Promise<string> {
  await host.clean();
  for (const portal of PORTALS) {
    await host.newRecord(portal, { 'node.session.timeo.replacement_timeout': '5' });
    await host.login(portal);
  }
  await host.must(['multipath', '-a', WWID_1]);
  await host.scan(LUN_1.lun);
  const tookMs = await host.until(
    `[ "$(multipathd show paths raw format '%m %t' | grep -c '^${WWID_1} active')" = 4 ] && udevadm settle`,
  );
  say(`map of four paths complete after ${String(tookMs)} ms`);
  return host.guest.script(`readlink -f /dev/disk/by-id/dm-uuid-mpath-${WWID_1}`);
}
