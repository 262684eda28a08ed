import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Evidence } from '../../test/torture/evidence.js';
import { judge } from '../../test/torture/oracle.js';
import type { Replayer } from '../../test/torture/replayer.js';
import { VOLUMES } from './fault-array.js';
import { FaultRun } from './fault-run.js';
import type { End, LabFault } from './fault.js';
import { settledLook } from './guest-look.js';
import type { Stage } from './stage.js';

const SLOTS = 4;

/** How one fault went. */
export interface Outcome {
  readonly end: End;
  /** What the caller heard instead of success. */
  readonly failure?: string;
  /** What is wrong; nothing when all is well. */
  readonly wrong: readonly string[];
  /** For those who wonder why. */
  readonly evidence: Evidence;
}

/** What all faults share beside the guest. */
export interface Bench {
  readonly stage: Stage;
  readonly replayer: Replayer;
  readonly runDirectory: string;
}

/** Plays one fault in the guest, mends everything, and has the oracle judge what is left. */
export async function runFault(bench: Bench, fault: LabFault): Promise<Outcome> {
  const { stage } = bench;
  const run = new FaultRun(stage, fault.id);
  const before = await logs(bench);
  await stage.standIns.takeCommandLines();
  const baseline = await settledLook(stage.guest);
  if (fault.begins === 'attached') await run.attachAndWrite();

  await fault.play(run);
  await stage.heal();
  await run.comeToRest();
  const end = await run.quietLook();
  await run.lookAtOthers();
  // Records that were put back are put back on the disk that is full no more.
  await run.lastLook();
  await stage.recordDisk.remove();

  await run.asker.askAgain();
  const runs = await run.registry.runs('all');
  const histories = await Promise.all(runs.map((each) => run.registry.history(each)));
  const replays = await Promise.all(
    histories.map(async (history) => {
      const error = await bench.replayer.replay(history);
      const { workflowId, runId } = history;
      return error === undefined ? [] : [{ workflowId, runId, error }];
    }),
  );
  const descriptions = await Promise.all(runs.map((each) => run.registry.description(each)));
  const after = await logs(bench);
  const texts = [
    { what: 'descriptions', text: descriptions.join('\n') },
    { what: 'answers', text: JSON.stringify(run.asker.calls) },
    { what: 'states', text: JSON.stringify(run.quiets.flatMap(({ entities }) => entities)) },
    { what: 'command lines', text: await stage.standIns.takeCommandLines() },
    ...after.map(({ what, text }, at) => ({ what, text: text.slice(before[at]?.text.length) })),
  ];
  const slots = Array.from({ length: SLOTS }, (_none, slot) => slot);
  const contents = await Promise.all(
    [VOLUMES.ours].map((volume) =>
      Promise.all(slots.map((slot) => stage.array.textAt(volume, slot))),
    ),
  );
  const evidence: Evidence = {
    plan: {
      seed: 0,
      hosts: [{ ownTarget: true }],
      volumes: Object.values(VOLUMES).map(() => ({ targets: [], lun: 0, access: 'exclusive' })),
      chap: true,
      acts: [],
    },
    tag: run.tag,
    hostIds: [stage.hostId],
    volumeIds: [run.volumeId, 'another', stage.neighbour.volumeId],
    baselines: { [stage.hostId]: baseline },
    boots: {},
    calls: run.asker.calls,
    reads: run.reads,
    writes: run.writes,
    uses: [],
    sightings: [],
    quiets: run.quiets,
    reused: fault.isReused ? [{ volume: VOLUMES.ours, by: VOLUMES.another, atMs: 0 }] : [],
    histories,
    replays: replays.flat(),
    texts,
    contents,
    stuck: run.stuck,
  };
  const failures = run.asker.calls.flatMap(({ error }) => error?.type ?? []);
  const [failure] = failures;
  return {
    end,
    evidence,
    ...(failure === undefined ? {} : { failure }),
    wrong: [
      ...judge(evidence).map(({ law, what }) => `${law}: ${what}`),
      ...(fault.ends.includes(end) ? [] : [`the volume is ${end}`]),
      ...failures
        .filter((type) => fault.mayFailWith?.includes(type) !== true)
        .map((type) => `${type} is no answer to this`),
    ],
  };
}

/** What the workers have written so far. */
async function logs({ stage, runDirectory }: Bench): Promise<Evidence['texts']> {
  const control = join(runDirectory, 'control-worker.log');
  return [
    { what: 'log of the host worker', text: await stage.worker.log() },
    { what: 'log of the control worker', text: await readFile(control, 'utf8') },
  ];
}
