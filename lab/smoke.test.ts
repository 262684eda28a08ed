import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGuest, type Guest } from './guest.js';
import { takeHostSnapshot } from './snapshot.js';
import {
  createTarget,
  createUnits,
  growUnit,
  mapLuns,
  removeTarget,
  removeUnits,
  wwidOf,
  type Target,
} from './target.js';

const TARGET = {
  iqn: 'iqn.2026-11.io.mooring:smoke',
  portals: ['127.0.1.1:3260', '127.0.1.2:3260', '127.0.1.3:3260', '127.0.1.4:3260'],
  groups: 'one',
} as const satisfies Target;
const UNIT = { serial: '5e0ce1', sizeBytes: 67_108_864 };
const GROWN = { ...UNIT, sizeBytes: 2 * UNIT.sizeBytes };
/** What the kernel counts sizes in, whatever the device's own blocks are. */
const SECTOR_BYTES = 512;
const WWID = wwidOf(UNIT).dm;

let runDirectory: string;
let guest: Guest;

beforeAll(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'mooring-lab-'));
  guest = await timed('boot', startGuest({ runDirectory }));
});

afterAll(async () => {
  await guest.stop();
  await rm(runDirectory, { recursive: true, force: true });
});

test('bare tools attach four paths and detach them without a trace', async () => {
  await timed('target', createTarget(guest, TARGET));
  await createUnits(guest, [UNIT]);
  await mapLuns(guest, TARGET, [{ lun: 1, unit: UNIT }]);
  const before = await timed('snapshot', takeHostSnapshot(guest));

  await timed('attach', guest.script(attachScript()));
  const attached = await takeHostSnapshot(guest);
  expect(attached.sessions.map(({ portal }) => portal).sort()).toEqual(TARGET.portals);
  expect(attached.maps).toMatchObject([
    { uuid: `mpath-${WWID}`, slaves: ['sda', 'sdb', 'sdc', 'sdd'] },
  ]);

  await growUnit(guest, GROWN);
  await guest.script(
    'for path in sda sdb sdc sdd; do echo 1 > /sys/block/$path/device/rescan; done',
  );
  const sectors = await guest.script('cat /sys/block/sd[a-d]/size | sort -u');
  expect(Number(sectors) * SECTOR_BYTES).toBe(GROWN.sizeBytes);

  await timed('detach', guest.script(detachScript()));
  expect(await takeHostSnapshot(guest)).toEqual(before);

  await removeTarget(guest, TARGET.iqn);
  await removeUnits(guest, [UNIT]);
});

/** Logs in everywhere at once and scans exactly the LUN; a WWID told before the scan makes the map. */
function attachScript(): string {
  const { iqn, portals } = TARGET;
  const logins = portals.map(
    (portal) => `
    iscsiadm -m node -T ${iqn} -p ${portal} -o new > /dev/null
    iscsiadm -m node -T ${iqn} -p ${portal} -o update -n node.session.scan -v manual`,
  );
  return `
    ${logins.join('')}
    iscsiadm -m node -T ${iqn} --login > /dev/null
    multipath -a ${WWID} > /dev/null
    for session in /sys/class/iscsi_session/session*; do
      host=$(readlink -f $session/device | grep -o 'host[0-9]*' | head -n 1)
      echo '0 0 1' > /sys/class/scsi_host/$host/scan
    done
    until [ "$(multipathd show paths raw format '%m %t' | grep -c '^${WWID} active')" = 4 ]; do
      sleep 0.1
    done
    udevadm settle`;
}

function detachScript(): string {
  const { iqn } = TARGET;
  return `
    blockdev --flushbufs /dev/disk/by-id/dm-uuid-mpath-${WWID}
    for attempt in 1 2 3 4 5; do
      ! multipath -f ${WWID} || break
      sleep 0.5
    done
    for path in $(lsscsi -t | grep -o '/dev/sd[a-z]*'); do
      echo 1 > /sys/block/$(basename $path)/device/delete
    done
    iscsiadm -m node -T ${iqn} --logout > /dev/null
    iscsiadm -m node -T ${iqn} -o delete
    multipath -w ${WWID} > /dev/null
    udevadm settle
    while multipathd show paths raw format %d | grep -q ^sd; do sleep 0.1; done`;
}

async function timed<Value>(what: string, work: Promise<Value>): Promise<Value> {
  const started = performance.now();
  const value = await work;
  process.stderr.write(`lab: ${what} ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
  return value;
}
