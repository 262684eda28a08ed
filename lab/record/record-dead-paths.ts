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
  await host.guest.script(`dd if=/dev/zero of=${device} bs=4k count=4 2>/dev/null`);
  for (const portal of PORTALS) await host.guest.dropPortal(portal.split(':')[0] ?? '');
  await record('sync-dropped', 'unwritten data; all portals just dropped, the map queues', [
    ...['timeout', '-k', '1', '8', 'sync', device],
  ]);
  await host.until(
    `[ "$(multipathd show paths raw format '%t' | grep -c failed)" = 4 ]`,
    { withinMs: 90_000 },
  );
  await fixtures.command('multipath-tools-0.9.4', 'show-map-all-failed', {
    when: 'all portals dropped for longer than recovery_tmo',
    argv: ['multipathd', 'show', 'map', WWID_1, 'json'],
  });
  await fixtures.sysfs('sysfs.all-paths-failed', 'four sessions, all portals dropped, all paths failed');
  await record('flushbufs-dropped', 'all paths failed, the map queues', [
    ...['timeout', '-k', '1', '8', 'blockdev', '--flushbufs', device],
  ]);
  await fixtures.command('multipath-tools-0.9.4', 'flush-queueing', {
    when: 'all paths failed, the map queues, a write is stuck',
    argv: ['timeout', '-k', '1', '8', 'multipath', '-f', WWID_1],
    timeoutMs: PATIENCE_MS,
  });
  await fixtures.command('multipath-tools-0.9.4', 'disablequeueing-all-failed', {
    when: 'all paths failed, a write is stuck',
    argv: ['multipathd', 'disablequeueing', 'map', WWID_1],
  });
  await record('sync-failed', 'all paths failed, queueing was disabled', ['sync', device]);
  await record('flushbufs-failed', 'all paths failed, queueing was disabled', [
    ...['blockdev', '--flushbufs', device],
  ]);
  const disks = await host.disks();
  for (const disk of disks.slice(0, 1)) {
    await record('delete-dropped', 'the path’s portal swallows packets', [
      ...['sh', '-c', `echo 1 > /sys/block/${disk}/device/delete`],
    ]);
  }
  await fixtures.command('open-iscsi-2.1.8', 'logout-dropped', {
    when: 'the portal swallows packets',
    argv: host.node(PORTALS[0] ?? '', '--logout'),
    timeoutMs: 60_000,
  });
  await host.clean();
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
