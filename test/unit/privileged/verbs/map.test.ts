import { beforeEach, expect, test } from 'vitest';
import { MissingProgram, type Command } from '../../../../src/privileged/command-runner.js';
import {
  addDm,
  addScsiDevice,
  addSession,
  dropDm,
  OTHER_WWID,
  WWID,
} from '../../../support/sysfs-builder.js';
import { verbsUnderTest, type VerbsUnderTest } from '../../../support/verbs-under-test.js';

const WWIDS = '/etc/multipath/wwids';

let setting: VerbsUnderTest;
let hctls: string[];
beforeEach(() => {
  setting = verbsUnderTest();
  addSession(setting.host, { sid: 1 });
  addSession(setting.host, { sid: 2, portal: '10.0.0.2:3260' });
  hctls = [
    addScsiDevice(setting.host, { sid: 1, block: 'sdb' }),
    addScsiDevice(setting.host, { sid: 2, block: 'sdc', devNumber: '8:32' }),
  ];
});

function paths(): { hctl: string; wwid: string }[] {
  return hctls.map((hctl) => ({ hctl, wwid: WWID }));
}

/** multipathd that does what it is asked: the map comes with `add map`. */
function multipathd({ program, args }: Command): { stdout?: string } {
  if (program === 'multipathd' && args.join(' ') === `add map ${WWID}`) {
    addDm(setting.host, { slaves: ['sdb', 'sdc'] });
  }
  return { stdout: 'ok\n' };
}

test('a map is asked for by one command when the daemon knows its paths', async () => {
  setting.runner.reaction = multipathd;
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual([`multipathd add map ${WWID}`]);
});

test('paths whose events are late are offered, and the map is asked for again', async () => {
  const known: string[] = [];
  setting.runner.reaction = (command) => {
    if (command.args[1] === 'path') known.push(command.args[2] ?? '');
    const knowsNone = command.args[1] === 'map' && known.length === 0;
    return knowsNone ? { exitCode: 1, stdout: 'fail\n' } : multipathd(command);
  };
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual([
    `multipathd add map ${WWID}`,
    'multipathd add path sdb',
    'multipathd add path sdc',
    `multipathd add map ${WWID}`,
  ]);
});

test('a complete map is left as it is', async () => {
  addDm(setting.host, { slaves: ['sdb', 'sdc'] });
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toEqual({
    kind: 'already-so',
  });
  expect(setting.runner.lines).toEqual([]);
});

test('a map that lacks a path is offered just that one', async () => {
  addDm(setting.host, { slaves: ['sdb'] });
  setting.host.file(WWIDS, `/${WWID}/\n`);
  setting.runner.reaction = multipathd;
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual(['multipathd add path sdc']);
});

test('a path of another volume is refused, and nothing is run', async () => {
  hctls.push(addScsiDevice(setting.host, { sid: 2, lun: 9, block: 'sdd', wwid: OTHER_WWID }));
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toMatchObject({
    kind: 'refused',
  });
  expect(setting.runner.lines).toEqual([]);
});

test('a daemon that says nothing is not ready, and the WWID is not noted', async () => {
  setting.runner.reaction = () => ({ exitCode: 1 });
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toMatchObject({
    kind: 'not-ready',
  });
  expect(setting.runner.lines).toEqual([`multipathd add map ${WWID}`]);
});

test('a host without multipath-tools says so, and monitors nothing', async () => {
  setting.runner.reaction = ({ program }) => {
    throw new MissingProgram(program);
  };
  await expect(setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).rejects.toMatchObject({
    name: 'MissingProgram',
  });
  expect(await setting.verbs.listMonitoredPaths()).toBeUndefined();
});

test.each([
  ['blacklisted', { stdout: 'blacklisted\n' }],
  ['fail', { exitCode: 1, stdout: 'fail\n' }],
  ['timeout', { stdout: 'timeout\n' }],
])('a daemon that answers %s has not made the map', async (answer, end) => {
  setting.runner.reaction = () => end;
  expect(await setting.verbs.ensureMap({ wwid: WWID, paths: paths() })).toMatchObject({
    kind: 'failed',
    said: answer,
  });
});

test('a map is flushed by the kernel name it has now', async () => {
  addDm(setting.host, { block: 'dm-5' });
  expect(await setting.verbs.flushMap({ wwid: WWID, timeoutMs: 1_000 })).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual(['sync /dev/dm-5']);
});

test('a flush that fails is a failure with its words', async () => {
  addDm(setting.host);
  setting.runner.reaction = () => ({
    exitCode: 1,
    stderr: "sync: error syncing '/dev/dm-3': Input/output error\n",
  });
  expect(await setting.verbs.flushMap({ wwid: WWID, timeoutMs: 1_000 })).toEqual({
    kind: 'failed',
    exitCode: 1,
    said: "sync: error syncing '/dev/dm-3': Input/output error",
  });
});

test('a flush that does not end has timed out', async () => {
  addDm(setting.host);
  setting.runner.reaction = () => ({ timedOut: true });
  expect(await setting.verbs.flushMap({ wwid: WWID, timeoutMs: 1_000 })).toMatchObject({
    kind: 'timed-out',
  });
});

test('without a map there is nothing to flush or to remove', async () => {
  const input = { wwid: WWID, timeoutMs: 1_000 };
  expect(await setting.verbs.flushMap(input)).toEqual({ kind: 'already-gone' });
  expect(await setting.verbs.removeMap(input)).toEqual({ kind: 'already-gone' });
  expect(setting.runner.lines).toEqual([]);
});

test('a map is removed by the name it has', async () => {
  addDm(setting.host, { name: 'mpatha' });
  setting.runner.reaction = async () => {
    await dropDm(setting.host, 'dm-3');
    return {};
  };
  const input = { wwid: WWID, timeoutMs: 1_000 };
  expect(await setting.verbs.removeMap(input)).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual(['multipath -f mpatha']);
});

test('a map that udev still has open is tried again', async () => {
  addDm(setting.host, { name: 'mpatha' });
  setting.runner.reaction = async () => {
    if (setting.runner.lines.length < 3) return { exitCode: 1, stdout: 'map in use\n' };
    await dropDm(setting.host, 'dm-3');
    return {};
  };
  const input = { wwid: WWID, timeoutMs: 10_000 };
  expect(await setting.verbs.removeMap(input)).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toHaveLength(3);
});

test('a map that stays in use is busy', async () => {
  addDm(setting.host, { name: 'mpatha' });
  setting.runner.reaction = () => ({ exitCode: 1, stderr: 'mpatha: map in use\n' });
  expect(await setting.verbs.removeMap({ wwid: WWID, timeoutMs: 150 })).toEqual({
    kind: 'busy',
    exitCode: 1,
    said: 'mpatha: map in use',
  });
});

test('a map whose name could be an option is refused', async () => {
  addDm(setting.host, { name: '-F' });
  expect(await setting.verbs.removeMap({ wwid: WWID, timeoutMs: 150 })).toMatchObject({
    kind: 'refused',
  });
  expect(setting.runner.lines).toEqual([]);
});

test('a WWID is forgotten once', async () => {
  setting.host.file(WWIDS, `/${WWID}/\n`);
  setting.runner.reaction = () => {
    setting.host.file(WWIDS, '# none\n');
    return { stdout: `wwid '${WWID}' removed\n` };
  };
  expect(await setting.verbs.isWwidRemembered({ wwid: WWID })).toBe(true);
  expect(await setting.verbs.forgetWwid({ wwid: WWID })).toEqual({ kind: 'done' });
  expect(await setting.verbs.forgetWwid({ wwid: WWID })).toEqual({ kind: 'already-gone' });
  expect(setting.runner.lines).toEqual([`multipath -w ${WWID}`]);
});

test('multipathd drops paths whose devices are gone, and no others', async () => {
  let monitored = ['sdb', 'sdy', 'sdz'];
  setting.runner.reaction = ({ args }) => {
    const [verb, , block] = args;
    if (verb === 'del') {
      monitored = monitored.filter((name) => name !== block);
      return { exitCode: 1, stdout: 'fail\n' };
    }
    return {
      stdout: `${monitored.map((name) => `${name} ${WWID}\n`).join('')}sdx ${OTHER_WWID}\n`,
    };
  };
  expect(await setting.verbs.forgetPaths({ wwid: WWID })).toEqual({ kind: 'done' });
  expect(setting.runner.lines).toEqual([
    'multipathd show paths raw format %d %w',
    'multipathd del path sdy',
    'multipathd del path sdz',
    'multipathd show paths raw format %d %w',
  ]);
});

test('a daemon that does not answer monitors something unknown', async () => {
  setting.runner.reaction = () => ({ exitCode: 1 });
  expect(await setting.verbs.listMonitoredPaths()).toBeUndefined();
  expect(await setting.verbs.forgetPaths({ wwid: WWID })).toMatchObject({ kind: 'failed' });
});

test('by-id links of the unit are removed when they dangle, and only then', async () => {
  const { host } = setting;
  host
    .link(`/dev/disk/by-id/wwn-0x${WWID.slice(1)}`, '../../sdb')
    .link(`/dev/disk/by-id/scsi-${WWID}`, '../../sdz')
    .link(`/dev/disk/by-id/dm-uuid-mpath-${WWID}`, '../../dm-3')
    .link(`/dev/disk/by-id/scsi-${OTHER_WWID}`, '../../sdz');
  expect(await setting.verbs.removeStaleLinks({ wwid: WWID })).toEqual({
    removed: [`/dev/disk/by-id/dm-uuid-mpath-${WWID}`, `/dev/disk/by-id/scsi-${WWID}`],
  });
  expect(await host.list('/dev/disk/by-id')).toEqual([
    `scsi-${OTHER_WWID}`,
    `wwn-0x${WWID.slice(1)}`,
  ]);
});

test('a link under another name is removed when it led to the unit, and leads nowhere now', async () => {
  const { host } = setting;
  host
    .link('/dev/disk/by-id/scsi-1LIO-ORG_disk:0815', '../../sdz')
    .link('/dev/disk/by-id/scsi-1LIO-ORG_disk:4711', '../../sdb');
  const led = ['scsi-1LIO-ORG_disk:0815', 'scsi-1LIO-ORG_disk:4711', '../../../etc/passwd'];
  expect(await setting.verbs.removeStaleLinks({ wwid: WWID, led })).toEqual({
    removed: ['/dev/disk/by-id/scsi-1LIO-ORG_disk:0815'],
  });
});
