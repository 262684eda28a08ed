import { CALM_PLAN } from './calm-plan.js';
import { DEFECTS, type Defect } from './defects.js';
import { runPlan } from './run-plan.js';
import type { TortureServer } from './torture-server.js';

/** Nothing hangs in a calm run but what a planted defect lets hang. */
const PATIENCE = 0.1;
const AT_ONCE = 4;

/** One planted defect, and whether the oracle has seen it. */
export interface SelftestResult {
  readonly name: string;
  readonly seen: boolean;
  /** What the oracle said, law by law. */
  readonly said: readonly string[];
}

/**
 * Shows that the oracle is no rubber stamp: without a defect it is content with a calm run, and each
 * planted defect breaks the law that is there for it.
 */
export async function selftest(server: TortureServer): Promise<SelftestResult[]> {
  const results: SelftestResult[] = [await plant(server, undefined, 0)];
  const queue = [...DEFECTS.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.push(await plant(server, next[1], next[0] + 1));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function plant(
  server: TortureServer,
  defect: Defect | undefined,
  index: number,
): Promise<SelftestResult> {
  const { violations } = await runPlan(CALM_PLAN, {
    server,
    tag: `s${index}`,
    ...(defect === undefined ? {} : { tamper: defect.tamper, patience: PATIENCE }),
  });
  const said = violations.map(({ law, what }) => `${law}: ${what}`);
  return defect === undefined
    ? { name: 'no defect', seen: violations.length === 0, said }
    : { name: defect.name, seen: violations.some(({ law }) => law === defect.law), said };
}
