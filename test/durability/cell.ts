import type { HostSteps } from '../../src/model/steps.js';
import type { Boundary, BoundarySpec } from '../../src/simulator/boundaries.js';
import { eventually } from '../support/eventually.js';
import { Asker, type Answer } from './asker.js';
import type { Evidence } from './evidence.js';
import type { FaultUnderTest } from './faults.js';
import type { Lane } from './lane.js';
import type { OperationUnderTest } from './operations.js';
import { BEGIN, placesFor } from './places.js';
import { RunBook } from './run-book.js';
import type { Stage } from './stage.js';
import { isSpoilt, judge } from './verdict.js';

/** The step comes to its place within this, or never. */
const REACHED_MS = 300_000;
/** The volume comes to rest within this after the last answer. */
const REST_MS = 300_000;

/** One field of the matrix. */
export interface CellSpec {
  readonly operation: OperationUnderTest;
  readonly step: string;
  readonly fault: FaultUnderTest;
}

/** Where the step has to stand for the fault; `undefined` when the fault does not concern it. */
export function placeOf(
  { operation, step, fault }: CellSpec,
  lane: Lane,
): BoundarySpec | undefined {
  if (fault.place === 'begin') return BEGIN;
  const name = step as keyof HostSteps;
  const places = operation.places?.(lane.wwid)[name] ?? placesFor(lane.wwid)[name];
  if (fault.place === 'middle') return places.middle;
  return places.end ?? (fault.otherwise === undefined ? undefined : places[fault.otherwise]);
}

/** Whether the fault can befall the step in this operation at all. */
export function concerns(spec: CellSpec, lane: Lane): boolean {
  const isAsked = spec.operation.name !== 'recovery';
  return (isAsked || spec.fault.needsCaller !== true) && placeOf(spec, lane) !== undefined;
}

/**
 * Runs an operation on a lane, with the fault at the step, and judges what is left.
 *
 * @param together - does something once for all lanes that do it at the same time
 * @returns what is wrong; nothing when all is well; and whether the lane can be used further
 * @throws Error when there is nothing to judge: the step did not come, or the volume not to rest
 */
export async function runCell(
  stage: Stage,
  lane: Lane,
  spec: CellSpec,
  together: (strike: () => Promise<void>) => Promise<void>,
): Promise<{ readonly wrong: readonly string[]; readonly isUsable: boolean }> {
  const { operation, step, fault } = spec;
  const place = placeOf(spec, lane);
  if (place === undefined) throw new Error(`${fault.name} does not concern ${step}`);
  const run = new CellRun(stage, lane);
  try {
    await operation.prepare(lane);
    await run.book.begin();
    const stop = await lane.host.control.setBoundary(place);
    const calls = [stop];
    try {
      await operation.begin(lane, run.asker);
      const call = await run.reach(step, place, calls);
      await fault.strike({ stage, lane, book: run.book, asker: run.asker, step, call, together });
    } finally {
      for (const call of calls) call.release();
    }
    const evidence = await run.evidence(operation, fault);
    return { wrong: judge(evidence), isUsable: !isSpoilt(evidence) };
  } finally {
    await run.close();
  }
}

/** Runs an operation undisturbed. @returns the host's steps it took, and what is wrong */
export async function runCalmly(
  stage: Stage,
  lane: Lane,
  operation: OperationUnderTest,
): Promise<{ readonly steps: readonly string[]; readonly wrong: readonly string[] }> {
  const run = new CellRun(stage, lane);
  try {
    await operation.prepare(lane);
    const from = await run.book.begin();
    await operation.begin(lane, run.asker);
    const evidence = await run.evidence(operation, undefined, from);
    return { steps: evidence.steps, wrong: judge(evidence) };
  } finally {
    await run.close();
  }
}

/** What both kinds of run have in common. */
class CellRun {
  readonly book: RunBook;
  readonly asker: Asker;
  private readonly lane: Lane;

  constructor(stage: Stage, lane: Lane) {
    this.lane = lane;
    const { hostId, volume } = lane;
    this.book = new RunBook(stage.client, { volumeId: volume.volumeId, hostId });
    this.asker = new Asker(stage);
  }

  async close(): Promise<void> {
    await this.asker.close();
  }

  /** Waits until the step itself stands at the place; others that come by go on. */
  async reach(step: string, place: BoundarySpec, calls: Boundary[]): Promise<Boundary> {
    const { lane, book } = this;
    const late = AbortSignal.timeout(REACHED_MS);
    for (;;) {
      const call = calls.at(-1);
      if (call === undefined) throw new Error('no boundary is set');
      await Promise.race([call.reached, this.overBefore(step), aborted(late, step)]);
      if (await book.isUnderWay(step)) return call;
      // Set before the other goes on, so that nobody slips by; `nth` counts in one step only.
      calls.push(await lane.host.control.setBoundary(place));
      call.release();
    }
  }

  /** Everything there is to judge, with the volume off the host again in the end. */
  async evidence(
    operation: OperationUnderTest,
    fault: FaultUnderTest | undefined,
    from = 0,
  ): Promise<Evidence & { readonly steps: readonly string[] }> {
    const { lane, book, asker } = this;
    const before = lane.before;
    if (before === undefined) throw new Error('nobody looked at the host before');
    const answers = await Promise.all(
      asker.questions.map(async ({ what, requestId, answer }) => ({
        what,
        requestId,
        answer: await answer,
      })),
    );
    const isOpen = await this.untilAtRest();
    const steps = await book.stepsSince(from);
    const open = isOpen ? await this.openEvidence() : {};
    const isBooted = fault?.isBoot === true || operation.name === 'recovery';
    if (isOpen) await lane.mooring.detach({ ...this.name, requestId: 'end' });
    const neighbourView = await lane.untilNeighbourIsUp();
    const neighbour = {
      view: neighbourView,
      text: await lane.read(neighbourView.stablePath ?? ''),
    };
    const after = await lane.look();
    const onArray = await lane.onArray();
    const { patterns } = lane;
    lane.patterns = [onArray];
    lane.before = after;
    return {
      steps,
      end: fault?.end(operation) ?? operation.end,
      failsWith: operation.failsWith,
      mayFailWith: fault?.mayFailWith ?? [],
      answers,
      updates: await book.updates(),
      ...open,
      ...{ before, after, isBooted, onArray, patterns, neighbour },
      neighbourText: lane.neighbour.volumeId,
      paths: lane.volume.portals.length,
    };
  }

  private get name(): { volumeId: string; hostId: string } {
    return { volumeId: this.lane.volume.volumeId, hostId: this.lane.hostId };
  }

  /** The device as it is, and the answer to the same attach once more. */
  private async openEvidence(): Promise<Pick<Evidence, 'open' | 'askedOnceMore'>> {
    const { lane } = this;
    const view = await lane.state();
    const content = {
      byDevice: await lane.read(view.device ?? ''),
      byLink: await lane.read(view.stablePath ?? ''),
    };
    const open = { view, bootId: await lane.bootId(), content, look: await lane.look() };
    const attach = this.asker.questions.find(({ what }) => what === 'attach');
    if (attach === undefined || view.request === undefined) return { open };
    const { requestId } = attach;
    const answer: Answer = { ok: await lane.mooring.attach({ ...view.request, requestId }) };
    return { open, askedOnceMore: { requestId, answer } };
  }

  /** @returns whether an attachment is open: then it is complete, in this boot, and nothing goes on */
  private untilAtRest(): Promise<boolean> {
    const { lane, book } = this;
    return eventually(
      async () => {
        const { isOpen, pending } = await book.look();
        if (!isOpen) return false;
        const view = await lane.state();
        const isUp = view.state === 'attached' && view.bootId === (await lane.bootId());
        if (isUp && pending.length === 0) return true;
        const { state, lastFailure, paths } = view;
        const facts = JSON.stringify({ state, lastFailure, pending, paths });
        throw new Error(`it does not come to rest: ${facts}`);
      },
      { withinMs: REST_MS },
    );
  }

  private async overBefore(step: string): Promise<never> {
    const { questions } = this.asker;
    if (questions.length === 0) return new Promise<never>(() => {});
    const said = await Promise.race(questions.map(({ answer }) => answer));
    throw new Error(`it was over before ${step} came to its place: ${JSON.stringify(said)}`);
  }
}

function aborted(signal: AbortSignal, step: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(`${step} did not come to its place within ${REACHED_MS} ms`));
    });
  });
}
