import { describe, expect, test } from 'vitest';
import type { AttachmentView } from '../../src/model/attachment.js';
import { createSimulatedHost, type SimulatedHost } from '../../src/simulator/simulated-host.js';
import { StorageArray } from '../../src/simulator/storage-array.js';
import { lookAt } from '../torture/host-look.js';
import type { Evidence } from './evidence.js';
import { judge } from './verdict.js';

const IQN = 'iqn.2026-11.io.example:array1';
const PORTAL = '10.0.0.1:3260';
const WWID = '36001405bea237473c2c4f98b14c7c293';

/** A host with a session and a disk that nobody made through mooring. */
async function host(): Promise<SimulatedHost> {
  const array = new StorageArray();
  array.addVolume({ name: 'v', wwid: `naa.${WWID.slice(1)}`, sizeBytes: 67_108_864 });
  array.addTarget({ iqn: IQN, portals: [PORTAL] });
  array.mapLun({ iqn: IQN, lun: 4, volume: 'v' });
  const simulated = createSimulatedHost({ hostId: 'db-17', array, timeScale: 0.001 });
  await iscsiadm(simulated, '-o', 'new');
  return simulated;
}

async function iscsiadm({ runner }: SimulatedHost, ...end: readonly string[]): Promise<void> {
  const args = ['-m', 'node', '-T', IQN, '-p', PORTAL, ...end];
  const { exitCode } = await runner.run({ program: 'iscsiadm', args, timeoutMs: 60_000 });
  expect(exitCode).toBe(0);
}

/** A detach that went well on this host. */
async function detached(simulated: SimulatedHost): Promise<Evidence> {
  const look = await lookAt(simulated);
  const answer = { ok: { wasAttached: true } };
  return {
    ...{ end: 'absent', failsWith: undefined, mayFailWith: [] },
    answers: [{ what: 'detach', requestId: 'r1', answer }],
    updates: [{ updateId: 'detach/r1', runId: 'run', answers: 1, again: answer }],
    ...{ before: look, after: look, isBooted: false },
    ...{ onArray: 'new', patterns: ['old', 'new'], paths: 4 },
    neighbour: { view: { state: 'attached' } as AttachmentView, text: 'other' },
    neighbourText: 'other',
  };
}

describe('the verdict on a cell', () => {
  test('a host as before, an answer, the data: well', async () => {
    expect(judge(await detached(await host()))).toEqual([]);
  });

  test('a node record that is left is seen', async () => {
    const simulated = await host();
    const before = await lookAt(simulated);
    await iscsiadm(simulated, '-o', 'delete');
    const evidence = {
      ...(await detached(simulated)),
      after: before,
      before: await lookAt(simulated),
    };
    expect(judge(evidence)).toEqual([expect.stringContaining('records left')]);
  });

  test('a session of somebody else that went is seen, also after a boot', async () => {
    const simulated = await host();
    await iscsiadm(simulated, '--login');
    const before = await lookAt(simulated);
    await iscsiadm(simulated, '--logout');
    const evidence = { ...(await detached(simulated)), before, after: await lookAt(simulated) };
    const lost = expect.arrayContaining([expect.stringContaining('sessions lost')]) as unknown;
    expect(judge(evidence)).toEqual(lost);
    expect(judge({ ...evidence, isBooted: true })).toEqual(lost);
  });

  test('a session that was closed and opened again is not what it was', async () => {
    const simulated = await host();
    await iscsiadm(simulated, '--login');
    const before = await lookAt(simulated);
    await iscsiadm(simulated, '--logout');
    await iscsiadm(simulated, '--login');
    const evidence = { ...(await detached(simulated)), before, after: await lookAt(simulated) };
    expect(judge(evidence)).toEqual([expect.stringContaining('not what it was')]);
  });

  test('what was written and did not reach the array is seen; a power cut may cost the cache', async () => {
    const evidence = { ...(await detached(await host())), onArray: 'old' };
    expect(judge(evidence)).toEqual([expect.stringContaining('the array has "old"')]);
    expect(judge({ ...evidence, isBooted: true })).toEqual([]);
    expect(judge({ ...evidence, isBooted: true, onArray: 'neither' })).toHaveLength(1);
  });

  test('a volume that is still there is seen, with a ledger that differs from the host', async () => {
    const evidence = await detached(await host());
    const view = { state: 'attached', bootId: 'b', wwid: WWID, device: '/dev/dm-0', paths: [] };
    const open = {
      ...{ view: view as unknown as AttachmentView, bootId: 'b', look: evidence.before },
      content: { byDevice: 'new', byLink: 'new' },
    };
    expect(judge({ ...evidence, open })).toEqual([
      'the volume is attached, it had to be absent',
      'the volume has 0 devices of 4',
      'the map is missing',
    ]);
  });

  test('an update that was answered twice, or never, is seen', async () => {
    const evidence = await detached(await host());
    const [update] = evidence.updates;
    for (const answers of [0, 2]) {
      const updates = update === undefined ? [] : [{ ...update, answers }];
      expect(judge({ ...evidence, updates })).toEqual([`update detach/r1 has ${answers} answers`]);
    }
  });

  test('another answer to the same request is seen', async () => {
    const evidence = await detached(await host());
    const updates = evidence.updates.map((update) => ({ ...update, again: { ok: 'other' } }));
    expect(judge({ ...evidence, updates })).toEqual([expect.stringContaining('asked again')]);
  });

  test('a request that was carried out twice is seen', async () => {
    const evidence = await detached(await host());
    const twice = evidence.updates.map((update) => ({ ...update, updateId: 'detach/r1~2' }));
    const updates = [...evidence.updates, ...twice];
    expect(judge({ ...evidence, updates })).toEqual([expect.stringContaining('taken up 2 times')]);
  });

  test('a failure is seen unless it is the expected one; a defect is never expected', async () => {
    const evidence = await detached(await host());
    const failing = (failure: string): Evidence => ({
      ...evidence,
      answers: [{ what: 'detach', requestId: 'r2', answer: { failure, message: 'so' } }],
    });
    expect(judge(failing('Busy'))).toEqual(['the detach failed with Busy: so']);
    expect(judge({ ...failing('Busy'), mayFailWith: ['Busy'] })).toEqual([]);
    expect(judge({ ...failing('InternalFault'), mayFailWith: ['InternalFault'] })).toHaveLength(1);
  });

  test('a neighbour that is touched is seen', async () => {
    const evidence = await detached(await host());
    const view = { state: 'degraded' } as AttachmentView;
    expect(judge({ ...evidence, neighbour: { view, text: 'torn' } })).toEqual([
      'the neighbour is degraded',
      'the neighbour reads "torn", not "other"',
    ]);
  });
});
