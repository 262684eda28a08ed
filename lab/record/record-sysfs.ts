import { say, type FixtureWriter } from './fixture-writer.js';
import { LUN_1, LUN_2, PORTALS, WWID_1, WWID_2, type RecordingHost } from './recording-host.js';

const DIRECTORY = 'linux-6.1';
const [FIRST = ''] = PORTALS;
const LUN_NOT_THERE = 7;

/** The kernel's view of an attach, stage by stage. */
export async function recordSysfs(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  await host.clean();
  await fixtures.sysfs('sysfs.clean', 'no session');
  await host.newRecord(FIRST);
  await host.login(FIRST);
  await fixtures.sysfs('sysfs.logged-in', 'one session, logged in with scan = manual, not scanned');
  await host.scan(LUN_1.lun);
  await host.guest.script('udevadm settle');
  await fixtures.sysfs('sysfs.one-lun', 'one session, "0 0 1" written to scan; no map');

  await host.clean();
  for (const portal of PORTALS) await host.newRecord(portal);
  for (const portal of PORTALS) await host.login(portal);
  await host.must(['multipath', '-a', WWID_1]);
  await host.scan(LUN_1.lun);
  await mapIsComplete(host, WWID_1);
  await fixtures.sysfs('sysfs.four-paths', 'four sessions, one LUN, its map up');
  await host.must(['multipath', '-a', WWID_2]);
  await host.scan(LUN_2.lun);
  await mapIsComplete(host, WWID_2);
  await fixtures.sysfs('sysfs.two-luns', 'four sessions, two LUNs, both maps up');
  await host.clean();
}

/** What writing to `scan` and to `delete` does, and how long it takes. */
export async function recordScans(host: RecordingHost, fixtures: FixtureWriter): Promise<void> {
  await host.clean();
  await host.newRecord(FIRST);
  await host.login(FIRST);
  const [scsiHost = ''] = await host.scsiHosts();
  const scan = (name: string, when: string, lun: number | '-') =>
    fixtures.command(DIRECTORY, name, {
      when,
      argv: ['sh', '-c', `echo '0 0 ${String(lun)}' > /sys/class/scsi_host/host${scsiHost}/scan`],
    });
  await scan('scan-absent', `the target has no LUN ${String(LUN_NOT_THERE)}`, LUN_NOT_THERE);
  say(`disks after it: ${(await host.disks()).join(' ') || 'none'}`);
  await fixtures.sysfs(
    'sysfs.scanned-absent',
    'one session; "0 0 7" written to scan, which is not there',
  );
  await scan('scan-ok', 'the LUN exists', LUN_1.lun);
  // The SCSI device is there when the write returns; the kernel probes its disk in the background.
  say(`disks right after it: ${(await host.disks()).join(' ') || 'none'}`);
  await host.until('ls /sys/block | grep -q ^sd');
  const [disk = ''] = await host.disks();
  await scan('scan-again', 'its device exists already', LUN_1.lun);
  await host.guest.script('udevadm settle');
  await fixtures.command(DIRECTORY, 'delete-ok', {
    when: 'nobody uses the device',
    argv: ['sh', '-c', `echo 1 > /sys/block/${disk}/device/delete`],
  });
  const links = await host.guest.script(`ls /sys/block | grep -c ^sd || true`);
  say(`disks right after delete returned: ${links}`);
  await scan('scan-wildcard', 'two LUNs exist, none has a device', '-');
  say(`disks after it: ${(await host.disks()).join(' ')}`);
  await host.clean();
}

async function mapIsComplete(host: RecordingHost, wwid: string): Promise<void> {
  const tookMs = await host.until(
    `[ "$(multipathd show paths raw format '%m %t' | grep -c '^${wwid} active')" = 4 ] && udevadm settle`,
  );
  say(`map of four paths complete ${String(tookMs)} ms after the scan of the last`);
}
