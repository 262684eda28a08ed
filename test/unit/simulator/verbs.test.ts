import { expect, test } from 'vitest';
import { createVerbs } from '../../../src/privileged/create-verbs.js';
import { eventually } from '../../support/eventually.js';
import { arrayWithTwoVolumes, IQN, newRig, PORTALS, UDEV_WWID } from './rig.js';

const TIMEOUT_MS = 60_000;
const CHAP_SECRET = 'correct horse';

test('the privileged verbs attach and detach on a simulated host and leave nothing', async () => {
  const array = arrayWithTwoVolumes();
  array.addTarget({ iqn: IQN, portals: PORTALS, chap: { username: 'db-17', secret: CHAP_SECRET } });
  const { host } = newRig({ array });
  const secrets = { resolve: async () => CHAP_SECRET };
  const verbs = createVerbs({ ...host, secrets });
  const ends = PORTALS.map((portal) => ({ portal, iqn: IQN, iface: 'default' }));
  const before = await host.control.snapshot();

  const paths = await Promise.all(
    ends.map(async (end) => {
      const chap = { username: 'db-17', secretRef: 'file:db-17' };
      await verbs.ensureNodeRecord({ ...end, chap, loginTimeoutSeconds: 10 });
      const login = await verbs.logIn({ ...end, timeoutMs: TIMEOUT_MS });
      if (login.kind !== 'session') throw new Error(login.said);
      await verbs.scanLun({ ...end, sid: login.sid, lun: 4 });
      return { ...end, sid: login.sid, hctl: `${login.scsiHost}:0:0:4`, wwid: UDEV_WWID };
    }),
  );
  expect(await verbs.ensureMap({ wwid: UDEV_WWID, paths })).toEqual({ kind: 'done' });
  await eventually(async () => {
    expect(await host.files.list('/sys/class/block/dm-0/slaves')).toHaveLength(PORTALS.length);
  });

  const timeoutMs = TIMEOUT_MS;
  expect(await verbs.flushMap({ wwid: UDEV_WWID, timeoutMs })).toEqual({ kind: 'done' });
  expect(await verbs.removeMap({ wwid: UDEV_WWID, timeoutMs })).toEqual({ kind: 'done' });
  await Promise.all(paths.map((path) => verbs.deleteDevice(path)));
  await verbs.forgetPaths({ wwid: UDEV_WWID });
  expect(await verbs.forgetWwid({ wwid: UDEV_WWID })).toEqual({ kind: 'done' });
  await Promise.all(
    paths.map(async (path) => {
      expect(await verbs.logOut({ ...path, timeoutMs })).toEqual({ kind: 'done' });
      expect(await verbs.putBackNodeRecord(path)).toEqual({ kind: 'deleted' });
    }),
  );
  await verbs.removeStaleLinks({ wwid: UDEV_WWID });

  await eventually(async () => expect(await host.control.snapshot()).toEqual(before));
});
