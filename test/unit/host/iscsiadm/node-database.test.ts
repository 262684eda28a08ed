import { expect, test } from 'vitest';
import { findNodeRecord, findNodeRecords } from '../../../../src/host/iscsiadm/node-database.js';
import { MemoryFileTree } from '../../../support/memory-file-tree.js';
import { IQN } from '../../../support/sysfs-builder.js';

const END = { iqn: IQN, portal: '10.0.0.1:3260', iface: 'default' };
const RECORD = `node.name = ${IQN}\niface.iscsi_ifacename = default\n`;

test('a host without a node database has no record', async () => {
  expect(await findNodeRecord(new MemoryFileTree(), END)).toBeUndefined();
});

test.each(['/etc/iscsi', '/var/lib/iscsi'])('a record below %s is found', async (database) => {
  const path = `${database}/nodes/${IQN}/10.0.0.1,3260`;
  const host = new MemoryFileTree().file(path, RECORD);
  expect(await findNodeRecord(host, END)).toEqual({
    path,
    text: RECORD,
    iface: 'default',
    iqn: IQN,
    portal: '10.0.0.1:3260',
    isWholePortal: true,
    isTorn: false,
  });
});

test.each(['10.0.0.1,3260,1', '10.0.0.1,3260'])(
  'a record in the directory %s is the one of its iface',
  async (name) => {
    const directory = `/etc/iscsi/nodes/${IQN}/${name}`;
    const host = new MemoryFileTree()
      .file(`${directory}/default`, RECORD)
      .file(`${directory}/tcp0`, 'iface.iscsi_ifacename = tcp0\n');
    const found = await findNodeRecord(host, { ...END, iface: 'tcp0' });
    expect(found).toMatchObject({ path: `${directory}/tcp0`, isWholePortal: false });
  },
);

test('a record of another iface is not the record', async () => {
  const path = `/etc/iscsi/nodes/${IQN}/10.0.0.1,3260`;
  const host = new MemoryFileTree().file(path, 'iface.iscsi_ifacename = tcp0\n');
  expect(await findNodeRecord(host, END)).toBeUndefined();
  expect(await findNodeRecords(host, END)).toHaveLength(1);
});

test('a record is found whatever its spelling, which is kept for iscsiadm', async () => {
  const path = `/etc/iscsi/nodes/${IQN.toUpperCase()}/FD00:0::7,3260`;
  const host = new MemoryFileTree().file(path, RECORD);
  const found = await findNodeRecord(host, { ...END, portal: '[fd00::7]:3260' });
  expect(found).toMatchObject({ iqn: IQN.toUpperCase(), portal: '[FD00:0::7]:3260' });
});

test.each(['10.0.0.1,3261', '10.0.0.10,3260', '.10.0.0.1,3260.77.1', 'leftover'])(
  'the file %s is not the record',
  async (name) => {
    const host = new MemoryFileTree().file(`/etc/iscsi/nodes/${IQN}/${name}`, RECORD);
    expect(await findNodeRecord(host, END)).toBeUndefined();
  },
);

test('an unreadable database is unknown, not empty', async () => {
  const host = new MemoryFileTree().unreadable('/etc/iscsi/nodes', 'EACCES');
  await expect(findNodeRecord(host, END)).rejects.toMatchObject({ code: 'EACCES' });
});
