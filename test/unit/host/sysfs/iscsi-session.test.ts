import { expect, test } from 'vitest';
import {
  findSessions,
  hasSession,
  readSession,
  readSessions,
} from '../../../../src/host/sysfs/iscsi-session.js';
import { addSession, emptyHost, IQN, PORTAL } from '../../../support/sysfs-builder.js';

const CONNECTION =
  '/sys/devices/platform/host2/session1/connection1:0/iscsi_connection/connection1:0';
const SESSION = '/sys/devices/platform/host2/session1/iscsi_session/session1';

test('a host without the iSCSI modules has no sessions', async () => {
  expect(await readSessions(emptyHost())).toEqual([]);
});

test('a session is read with its SCSI host, portal, iface and state', async () => {
  const host = emptyHost();
  addSession(host, { sid: 7, scsiHost: 3, iface: 'tcp0', state: 'FAILED' });
  expect(await readSessions(host)).toEqual([
    {
      sid: 7,
      scsiHost: 3,
      targetIqn: IQN,
      portal: PORTAL,
      iface: 'tcp0',
      state: 'FAILED',
      directory: '/sys/devices/platform/host3/session7',
    },
  ]);
});

test('a session is found whatever the letter case of the target name', async () => {
  const host = emptyHost();
  addSession(host, { iqn: IQN.toUpperCase() });
  expect(await findSessions(host, { iqn: IQN, portal: PORTAL })).toHaveLength(1);
});

test('a session is found whatever the spelling of its IPv6 portal', async () => {
  const host = emptyHost();
  addSession(host);
  host.file(`${CONNECTION}/persistent_address`, 'FD00:0:0::7\n');
  const found = await findSessions(host, { iqn: IQN, portal: '[fd00::0007]:3260' });
  expect(found.map((session) => session.portal)).toEqual(['[fd00::7]:3260']);
});

test('sessions of another iface are found only when no iface is asked for', async () => {
  const host = emptyHost();
  addSession(host, { iface: 'tcp0' });
  expect(await findSessions(host, { iqn: IQN, portal: PORTAL, iface: 'default' })).toEqual([]);
  expect(await findSessions(host, { iqn: IQN, portal: PORTAL })).toHaveLength(1);
});

test('sessions to another portal or target are not found', async () => {
  const host = emptyHost();
  addSession(host);
  expect(await findSessions(host, { iqn: IQN, portal: '10.0.0.1:3261' })).toEqual([]);
  expect(await findSessions(host, { iqn: `${IQN}0`, portal: PORTAL })).toEqual([]);
});

test('a session that goes while it is read is left out', async () => {
  const host = emptyHost();
  addSession(host, { sid: 1 });
  addSession(host, { sid: 2 });
  host.onRead((path) => {
    if (path.endsWith('session1/state')) host.drop(SESSION);
  });
  expect((await readSessions(host)).map((session) => session.sid)).toEqual([2]);
});

test('a session whose connection is being made is to nobody yet', async () => {
  const host = emptyHost();
  addSession(host);
  host.file(`${CONNECTION}/persistent_address`, '(null)\n');
  expect(await readSession(host, 1)).toBeUndefined();
  expect(await hasSession(host, 1)).toBe(true);
});

test('an unreadable session is unknown, not absent', async () => {
  const host = emptyHost();
  addSession(host);
  host.unreadable(`${SESSION}/targetname`, 'EIO');
  await expect(readSessions(host)).rejects.toMatchObject({ code: 'EIO' });
});

test('a session below no SCSI host is refused', async () => {
  const host = emptyHost();
  addSession(host);
  host.link('/sys/class/iscsi_session/session1', '/elsewhere/session1');
  host.file('/elsewhere/session1/targetname', IQN).file('/elsewhere/session1/state', 'FREE');
  host.file('/elsewhere/session1/ifacename', 'default');
  await expect(readSessions(host)).rejects.toMatchObject({ name: 'MalformedFact' });
});
