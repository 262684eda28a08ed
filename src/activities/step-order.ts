import { createFailure } from '../contract/failures.js';
import type { HostPath } from '../model/steps.js';
import { unlessAborted } from '../privileged/unless-aborted.js';
import { sessionLockKey } from './claim-store.js';

/** What a step works on: paths of one attachment, its device, or both. */
export interface StepScope {
  readonly owner: string;
  readonly paths: readonly HostPath[];
  /** The device over the paths. */
  readonly device: boolean;
}

interface Running {
  readonly keys: ReadonlySet<string>;
  readonly end: AbortController;
  readonly done: Promise<void>;
}

/**
 * Order between the steps of one host that bring something up and those that take it away.
 *
 * The server may give a step up - its deadline passes, its heartbeats come late - while it still runs
 * here and hears nothing of that; the undo is sent meanwhile, and what the step does afterwards
 * belongs to nobody. So a step that takes away first ends those that bring up the same, and waits for
 * their end; one that brings up waits for those that take away the same.
 */
export class StepOrder {
  readonly #bringingUp = new Set<Running>();
  readonly #takingAway = new Set<Running>();

  /**
   * @param work - its signal aborts when the step is cancelled, or when its work is taken away
   * @throws Cancelled - what it brings up is being taken away; and what the work threw
   */
  async bringUp<Result>(
    scope: StepScope,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.#register(this.#bringingUp, scope, async ({ keys, end }) => {
      const either = AbortSignal.any([signal, end.signal]);
      try {
        await unlessAborted(ended(this.#takingAway, keys), either);
        return await work(either);
      } catch (error) {
        // A wait that was ended says no more than that.
        end.signal.throwIfAborted();
        throw error;
      }
    });
  }

  /** @throws the signal's reason while it waits; and what the work threw */
  async takeAway<Result>(
    scope: StepScope,
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#register(this.#takingAway, scope, async ({ keys }) => {
      for (const step of sharing(this.#bringingUp, keys)) step.end.abort(givenUp(scope));
      await unlessAborted(ended(this.#bringingUp, keys), signal);
      return work();
    });
  }

  async #register<Result>(
    among: Set<Running>,
    scope: StepScope,
    work: (running: Running) => Promise<Result>,
  ): Promise<Result> {
    let finish = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const running = { keys: keysOf(scope), end: new AbortController(), done };
    among.add(running);
    try {
      return await work(running);
    } finally {
      among.delete(running);
      finish();
    }
  }
}

/** Scope of a step for one path. */
export function ofOnePath({ owner, path }: { owner: string; path: HostPath }): StepScope {
  return { owner, paths: [path], device: false };
}

/** Scope of a step for the device over the paths. */
export function ofDevice({ owner }: { owner: string }): StepScope {
  return { owner, paths: [], device: true };
}

/** Scope of a step for the device and the paths below it. */
export function ofWhole({
  owner,
  paths,
}: {
  owner: string;
  paths: readonly HostPath[];
}): StepScope {
  return { owner, paths, device: true };
}

function sharing(among: ReadonlySet<Running>, keys: ReadonlySet<string>): Running[] {
  return [...among].filter((step) => [...step.keys].some((key) => keys.has(key)));
}

async function ended(among: ReadonlySet<Running>, keys: ReadonlySet<string>): Promise<void> {
  await Promise.all(sharing(among, keys).map(({ done }) => done));
}

function keysOf({ owner, paths, device }: StepScope): ReadonlySet<string> {
  return new Set([
    ...paths.map((path) => `${owner} ${sessionLockKey(path)} lun ${path.lun}`),
    ...(device ? [owner] : []),
  ]);
}

function givenUp({ owner }: StepScope): Error {
  return createFailure('Cancelled', `What the step brings up for ${owner} is being taken away`);
}
