import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence } from './evidence.js';
import { judge, type Violation } from './oracle.js';
import { play, type PlayOptions } from './play.js';
import { countDeeds, type Plan } from './plan.js';

/** What became of one run. */
export interface RunResult {
  readonly seed: number;
  readonly operations: number;
  readonly faults: number;
  /** Devices that were handed out and looked through. */
  readonly attached: number;
  /** Patterns written through them. */
  readonly written: number;
  readonly histories: number;
  readonly violations: readonly Violation[];
  readonly evidence: Evidence;
}

/** Plays and judges one plan. */
export async function runPlan(plan: Plan, options: PlayOptions): Promise<RunResult> {
  const evidence = await play(plan, options);
  return {
    seed: plan.seed,
    ...countDeeds(plan),
    attached: evidence.reads.length,
    written: evidence.writes.length,
    histories: evidence.histories.length,
    violations: judge(evidence),
    evidence,
  };
}

/** Keeps everything about a run that broke a law; where it is. */
export async function keep(
  directory: string,
  { evidence, violations }: RunResult,
): Promise<string> {
  const place = join(directory, evidence.tag);
  await mkdir(place, { recursive: true });
  const { plan, histories, texts, ...rest } = evidence;
  const log = texts.find(({ what }) => what === 'log')?.text ?? '';
  const files = {
    'plan.json': json(plan),
    'violations.json': json(violations),
    'evidence.json': json({ ...rest, texts: texts.filter(({ what }) => what !== 'log') }),
    'worker.log': log,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text);
  for (const { workflowId, runId, events } of histories) {
    const name = `history.${workflowId.replaceAll('/', '.')}.${runId.slice(-6)}.json`;
    await writeFile(join(place, name), json({ events }));
  }
  return place;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
