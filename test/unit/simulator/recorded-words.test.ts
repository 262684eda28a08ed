import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Program } from '../../../src/privileged/command-runner.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { eventually } from '../../support/eventually.js';
import { newRig, type Rig } from './rig.js';

/** What the lab recorded: one command of the real tools, with its answer. */
interface Recorded {
  readonly argv: readonly [Program, ...string[]];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The lab's names. */
const IQN = 'iqn.2026-11.io.mooring:t1';
const PORTALS = ['127.0.1.1:3260', '127.0.1.2:3260', '127.0.1.3:3260', '127.0.1.4:3260'];
const [FIRST = ''] = PORTALS;
const WWID = '36001405a100000000000000000000000';
const SHORT_LOGIN = {
  'node.session.scan': 'manual',
  'node.conn[0].timeo.login_timeout': '3',
  'node.session.initial_login_retry_max': '1',
};

type Setup = (host: RecordedHost) => Promise<unknown>;

/** A simulated host in front of the lab's array, brought into the state a record was made in. */
class RecordedHost {
  readonly rig: Rig;
  readonly array = new StorageArray();

  constructor() {
    this.array.addVolume({ wwid: `naa.${WWID.slice(1)}`, sizeBytes: 67_108_864, serial: 'a1' });
    this.array.addTarget({ iqn: IQN, portals: [...PORTALS, '[::1]:3260'] });
    this.array.mapLun({ iqn: IQN, lun: 1, volume: `naa.${WWID.slice(1)}` });
    this.rig = newRig({ array: this.array });
  }

  node(portal: string, ...args: string[]): Promise<unknown> {
    return this.rig.run('iscsiadm', '-m', 'node', '-T', IQN, '-p', portal, ...args);
  }

  async record(settings: Record<string, string> = SHORT_LOGIN, portal = FIRST): Promise<void> {
    await this.node(portal, '-o', 'new');
    await this.rig.setRecord(settings, portal, IQN);
  }

  async session(portal = FIRST): Promise<void> {
    await this.record(SHORT_LOGIN, portal);
    await this.node(portal, '--login');
  }

  async paths(): Promise<void> {
    for (const [index, portal] of PORTALS.entries()) {
      await this.session(portal);
      await this.rig.scan(1, index + 1);
    }
    await this.rig.offerPaths();
  }

  async map(): Promise<void> {
    await this.paths();
    await this.rig.run('multipathd', 'add', 'map', WWID);
    await eventually(async () => {
      expect(await this.rig.host.files.realPath(`/dev/mapper/${WWID}`)).toBe('/dev/dm-0');
    });
  }

  async chap(): Promise<void> {
    this.array.addTarget({
      iqn: IQN,
      portals: PORTALS,
      chap: { username: 'lab', secret: 'right' },
    });
    return Promise.resolve();
  }
}

const nothing: Setup = () => Promise.resolve();
const record: Setup = (host) => host.record();
const session: Setup = (host) => host.session();
const paths: Setup = (host) => host.paths();
const map: Setup = (host) => host.map();

const CASES: readonly (readonly [name: string, setup: Setup])[] = [
  ['open-iscsi-2.1.8/new-ok', nothing],
  ['open-iscsi-2.1.8/new-again', record],
  ['open-iscsi-2.1.8/new-ipv6', nothing],
  ['open-iscsi-2.1.8/new-logged-in', session],
  [
    'open-iscsi-2.1.8/new-iface',
    ({ rig }) => rig.host.writer.replaceFile('/etc/iscsi/ifaces/lab0', '', 0o600),
  ],
  ['open-iscsi-2.1.8/login-ok', record],
  ['open-iscsi-2.1.8/login-again', session],
  ['open-iscsi-2.1.8/login-no-record', nothing],
  [
    'open-iscsi-2.1.8/login-dropped',
    async (host) => {
      await host.record();
      host.array.setPortal({ portal: FIRST, condition: { kind: 'dropped' } });
    },
  ],
  [
    'open-iscsi-2.1.8/login-reset',
    async (host) => {
      await host.record();
      host.array.setPortal({ portal: FIRST, condition: { kind: 'resetting' } });
    },
  ],
  [
    'open-iscsi-2.1.8/login-chap-missing',
    async (host) => {
      await host.chap();
      await host.record();
    },
  ],
  [
    'open-iscsi-2.1.8/login-chap-wrong',
    async (host) => {
      await host.chap();
      await host.record({
        ...SHORT_LOGIN,
        'node.session.auth.authmethod': 'CHAP',
        'node.session.auth.username': 'lab',
        'node.session.auth.password': 'wrong',
      });
    },
  ],
  ['open-iscsi-2.1.8/logout-ok', session],
  ['open-iscsi-2.1.8/logout-none', record],
  ['open-iscsi-2.1.8/logout-no-record', nothing],
  [
    'open-iscsi-2.1.8/logout-record-gone',
    async (host) => {
      await host.session();
      await host.rig.host.writer.removeFile(host.rig.recordPath(FIRST, IQN));
    },
  ],
  ['open-iscsi-2.1.8/logout-by-sid', session],
  ['open-iscsi-2.1.8/logout-by-sid-none', nothing],
  ['open-iscsi-2.1.8/delete-ok', record],
  ['open-iscsi-2.1.8/delete-none', nothing],
  ['open-iscsi-2.1.8/delete-logged-in', session],
  ['multipath-tools-0.9.4/add-map-ok', paths],
  ['multipath-tools-0.9.4/add-map-again', map],
  ['multipath-tools-0.9.4/add-map-no-path', nothing],
  ['multipath-tools-0.9.4/add-path-known', paths],
  ['multipath-tools-0.9.4/add-path-in-map', map],
  ['multipath-tools-0.9.4/add-path-none', nothing],
  ['multipath-tools-0.9.4/del-path-in-map', map],
  ['multipath-tools-0.9.4/del-path-none', nothing],
  ['multipath-tools-0.9.4/flush-none', nothing],
  [
    'multipath-tools-0.9.4/flush-in-use',
    async (host) => {
      await host.map();
      await host.rig.control.holdOpen('/dev/dm-0');
    },
  ],
  ['multipath-tools-0.9.4/resize', map],
  ['multipath-tools-0.9.4/wwid-add', nothing],
  ['multipath-tools-0.9.4/wwid-add-again', ({ rig }) => rig.run('multipath', '-a', WWID)],
  ['multipath-tools-0.9.4/wwid-remove', ({ rig }) => rig.run('multipath', '-a', WWID)],
  ['multipath-tools-0.9.4/wwid-remove-none', nothing],
  [
    'multipath-tools-0.9.4/stopped-add-map',
    ({ rig }) => rig.control.addFault({ kind: 'multipathd-stopped' }),
  ],
  [
    'multipath-tools-0.9.4/stopped-flush-none',
    ({ rig }) => rig.control.addFault({ kind: 'multipathd-stopped' }),
  ],
];

test.each(CASES)('%s: the simulated host answers as the real one did', async (name, setup) => {
  const host = new RecordedHost();
  await setup(host);
  const fixture = new URL(`../../fixtures/${name}.json`, import.meta.url);
  const recorded = JSON.parse(await readFile(fixture, 'utf8')) as Recorded;

  const [program, ...words] = recorded.argv;
  const args = words.map((word, index) => (words[index - 1] === '-r' ? '1' : word));
  const { exitCode, stdout, stderr } = await host.rig.run(program, ...args);

  const numberless = ({ code, stdout: out, stderr: err }: Omit<Recorded, 'argv'>): unknown => ({
    code,
    stdout: out.replaceAll(/sid: \d+/g, 'sid: N'),
    stderr: err.replaceAll(/sid \d+/g, 'sid N').replaceAll(/^\d+\.\d{6}/gm, 'TIME'),
  });
  expect(numberless({ code: exitCode ?? -1, stdout, stderr })).toEqual(numberless(recorded));
});

test('the record of a new node is the same, letter by letter', async () => {
  const host = new RecordedHost();
  await host.node(FIRST, '-o', 'new');
  const fixture = new URL('../../fixtures/open-iscsi-2.1.8/node-record.new.txt', import.meta.url);
  const [, ...lines] = (await readFile(fixture, 'utf8')).split('\n');

  // iscsiadm asks iscsid where its settings are: without an answer these two are the built-in ones.
  const comparable = (text: string): string =>
    text.replaceAll(/(initial_login_retry_max|login_timeout) = \d+/g, '$1 = N');
  const record = await host.rig.read(host.rig.recordPath(FIRST, IQN));
  expect(comparable(record)).toBe(comparable(lines.join('\n')));
});
