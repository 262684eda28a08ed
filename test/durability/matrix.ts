import { createHostActivities } from '../../src/activities/host-activities.js';
import type { HostDependencies } from '../../src/activities/host-context.js';
import { concerns, runCalmly, runCell, type CellSpec } from './cell.js';
import { FAULTS } from './faults.js';
import { Lane } from './lane.js';
import { OPERATIONS, type OperationUnderTest } from './operations.js';
import type { Stage } from './stage.js';
import { Together } from './together.js';

/** A row of the matrix: a step, in an operation that runs it. */
export interface Row {
  readonly operation: OperationUnderTest;
  readonly step: string;
}

/** A field with its verdict. */
export interface Cell extends CellSpec {
  readonly wrong: readonly string[];
  readonly seconds: number;
}

/** Everything found by running the matrix. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly cells: readonly Cell[];
  /** What is wrong with the matrix itself, or without any fault. */
  readonly troubles: readonly string[];
}

/** Which cells are wanted; all, if nothing is said. */
export type Wanted = (spec: CellSpec) => boolean;

/** The steps a host worker serves, as it names them. */
export function hostStepNames(): string[] {
  // Only their names are asked for; nothing of the host is touched before a step runs.
  return Object.keys(createHostActivities({ hostId: 'none' } as HostDependencies));
}

/** Runs the cells on lanes side by side. */
export class Matrix {
  private readonly stage: Stage;
  private readonly lanes: Lane[] = [];
  private readonly say: (line: string) => void;
  private readonly cells: Cell[] = [];
  private readonly troubles: string[] = [];

  constructor(stage: Stage, say: (line: string) => void) {
    this.stage = stage;
    this.say = say;
  }

  /** @param lanes - how many hosts at once */
  async run(lanes: number, wanted: Wanted = () => true): Promise<Outcome> {
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        this.lanes.push(await Lane.open(this.stage));
      }),
    );
    try {
      const rows = await this.findRows();
      const specs = rows.flatMap((row) => FAULTS.map((fault) => ({ ...row, fault })));
      const [lane] = this.lanes;
      if (lane === undefined) throw new RangeError('a matrix needs a lane');
      const todo = specs.filter(wanted).filter((spec) => concerns(spec, lane));
      await this.runApart(todo.filter(({ fault }) => fault.isShared !== true));
      for (const fault of FAULTS.filter(({ isShared }) => isShared === true)) {
        await this.runTogether(todo.filter((spec) => spec.fault === fault));
      }
      return { rows, cells: this.cells, troubles: this.troubles };
    } finally {
      await Promise.all(this.lanes.map((lane) => lane.close()));
    }
  }

  /** The steps each operation runs when nothing goes wrong; a step without one is a trouble. */
  private async findRows(): Promise<Row[]> {
    const found = new Map<OperationUnderTest, readonly string[]>();
    const queue = [...OPERATIONS];
    await this.onEveryLane(async (lane) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { steps, wrong } = await runCalmly(this.stage, lane, next);
        found.set(next, steps);
        const { name } = next;
        this.troubles.push(...wrong.map((what) => `${name}, undisturbed: ${what}`));
        this.say(`${name}: ${steps.join(', ')}`);
      }
    });
    const run = new Set([...found.values()].flat());
    for (const step of hostStepNames()) {
      if (!run.has(step)) this.troubles.push(`step ${step} has no operation that runs it`);
    }
    return OPERATIONS.flatMap((operation) => {
      const elsewhere = new Set<string>(operation.coveredElsewhere);
      const steps = found.get(operation) ?? [];
      return steps.filter((step) => !elsewhere.has(step)).map((step) => ({ operation, step }));
    });
  }

  /** Faults of one host: every lane takes the next cell when it is done with one. */
  private async runApart(todo: readonly CellSpec[]): Promise<void> {
    const queue = [...todo];
    await this.onEveryLane(async (_lane, index) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await this.runOne(index, next, new Together(1));
      }
    });
  }

  /** Faults of what all share: the lanes stop their steps, then it is struck once for all. */
  private async runTogether(todo: readonly CellSpec[]): Promise<void> {
    for (let from = 0; from < todo.length; from += this.lanes.length) {
      const wave = todo.slice(from, from + this.lanes.length);
      const together = new Together(wave.length);
      await Promise.all(wave.map((spec, index) => this.runOne(index, spec, together)));
    }
  }

  private async runOne(index: number, spec: CellSpec, together: Together): Promise<void> {
    const lane = this.lanes[index];
    if (lane === undefined) throw new RangeError(`no lane ${index}`);
    const begin = performance.now();
    const strike = (work: () => Promise<void>) => together.do(work);
    const { wrong, isUsable } = await runCell(this.stage, lane, spec, strike).catch(
      (error: unknown) => ({
        wrong: [error instanceof Error ? error.message : String(error)],
        isUsable: false,
      }),
    );
    together.leave();
    const seconds = (performance.now() - begin) / 1_000;
    this.cells.push({ ...spec, wrong, seconds });
    const name = `${spec.operation.name} ${spec.step} ${spec.fault.name}`;
    this.say(`${name}: ${wrong.length === 0 ? 'ok' : 'WRONG'} (${seconds.toFixed(1)} s)`);
    for (const what of wrong) this.say(`  ${lane.hostId}: ${what}`);
    // Whatever is left there is no business of the next cell.
    if (!isUsable) await this.replace(index);
  }

  private async replace(index: number): Promise<void> {
    await this.lanes[index]?.close();
    this.lanes[index] = await Lane.open(this.stage);
  }

  private async onEveryLane(work: (lane: Lane, index: number) => Promise<void>): Promise<void> {
    await Promise.all(this.lanes.map(work));
  }
}
