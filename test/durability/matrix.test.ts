import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Matrix, type Outcome } from './matrix.js';
import { Stage } from './stage.js';

/** Each fault at least once, each operation at least once; `npm run durability` runs all of them. */
const SLICE = [
  'attach ensureSession worker-middle',
  'attach ensureMap answer-lost',
  'attach findPathDevice detach',
  'attach ensureMap cancel',
  'attach ensureSession control',
  'undo removePathDevices worker-after',
  'undo releaseSession client',
  'repair findPathDevice worker-before',
  'recovery findPathDevice detach',
  'recovery ensureMap worker-middle',
  'plan planDetach worker-before',
  'detach flushDevice worker-after',
  'detach removePathDevices reboot',
  'detach releaseSession server',
];
const LANES = 4;
const SPARE_HOSTS = 20;
const SLICE_TIMEOUT_MS = 600_000;

describe('whatever dies, nothing is lost', () => {
  let stage: Stage | undefined;
  let outcome: Outcome | undefined;

  beforeAll(async () => {
    stage = await Stage.start({ hosts: LANES + SPARE_HOSTS });
    const matrix = new Matrix(stage, () => undefined);
    outcome = await matrix.run(LANES, ({ operation, step, fault }) =>
      SLICE.includes(`${operation.name} ${step} ${fault.name}`),
    );
  }, SLICE_TIMEOUT_MS);
  afterAll(async () => {
    await stage?.stop();
  });

  test('every step of a host is run by an operation, and undisturbed all is well', () => {
    expect(outcome?.troubles).toEqual([]);
  });

  test.each(SLICE)('%s', (name) => {
    const cell = outcome?.cells.find(
      ({ operation, step, fault }) => `${operation.name} ${step} ${fault.name}` === name,
    );
    expect(cell?.wrong).toEqual([]);
  });
});
