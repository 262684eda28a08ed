import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectedServer } from '../support/injected-server.js';
import { CALM_PLAN } from './calm-plan.js';
import { DEFECTS } from './defects.js';
import { drawPlan } from './draw-plan.js';
import { countDeeds } from './plan.js';
import { runPlan } from './run-plan.js';
import { TortureServer } from './torture-server.js';

/** A slice of what `npm run torture` plays, always the same; a file has about 45 s. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const AT_ONCE = 3;
/** Everything that may go wrong in one run, on a busy machine. */
const RUN_MS = 900_000;

let server: TortureServer;
beforeAll(async () => {
  server = await TortureServer.start(injectedServer());
});
afterAll(async () => {
  await server.stop();
});

describe('a plan', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(drawPlan(7)).toEqual(drawPlan(7));
    expect(drawPlan(7)).not.toEqual(drawPlan(8));
  });

  test('has operations and faults', () => {
    const counts = Array.from({ length: 50 }, (_none, seed) => countDeeds(drawPlan(seed)));
    expect(Math.min(...counts.map(({ operations }) => operations))).toBeGreaterThan(3);
    expect(Math.min(...counts.map(({ faults }) => faults))).toBeGreaterThan(0);
  });
});

describe('whatever dies', () => {
  test(
    'nothing is lost, left, or laid hands on that is not ours',
    async () => {
      const todo = [...SEEDS];
      const broken: string[] = [];
      const work = async (): Promise<void> => {
        for (let seed = todo.shift(); seed !== undefined; seed = todo.shift()) {
          const { violations } = await runPlan(drawPlan(seed), { server, tag: `t${seed}` });
          broken.push(...violations.map(({ law, what }) => `seed ${seed}: ${law}: ${what}`));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      expect(broken).toEqual([]);
    },
    RUN_MS,
  );
});

describe('the oracle', () => {
  test('knows more than ten defects by the laws they break', () => {
    expect(DEFECTS.length).toBeGreaterThan(10);
  });

  test(
    'is content with a calm run, and finds what is planted in one',
    async () => {
      const planted = DEFECTS.filter(({ name }) => SAMPLE.includes(name));
      expect(planted).toHaveLength(SAMPLE.length);
      const [calm, ...found] = await Promise.all([
        runPlan(CALM_PLAN, { server, tag: 'calm' }),
        ...planted.map(async ({ tamper }, index) =>
          runPlan(CALM_PLAN, { server, tag: `planted${index}`, tamper }),
        ),
      ]);
      expect(calm.violations).toEqual([]);
      const laws = found.map(({ violations }) => violations.map(({ law }) => law));
      for (const [index, { law }] of planted.entries()) expect(laws[index]).toContain(law);
    },
    RUN_MS,
  );
});

/** The rest are for `npm run torture -- --selftest`. */
const SAMPLE = ['a flush before a removal is skipped', 'a claim is left'];
