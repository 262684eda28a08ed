import { Worker } from '@temporalio/worker';
import type { RunHistory } from './evidence.js';

/**
 * Replays histories with the workflows of today. One worker for all of them: to start one costs more
 * than a hundred histories.
 */
export class Replayer {
  readonly #queue: RunHistory[] = [];
  readonly #waiting = new Map<string, (error: string | undefined) => void>();
  #wake: () => void = () => undefined;

  constructor(workflowBundle: { readonly codePath: string }) {
    void this.#work(workflowBundle);
  }

  /** How today's workflows fail to understand it; `undefined` when they do. */
  replay(history: RunHistory): Promise<string | undefined> {
    const outcome = new Promise<string | undefined>((resolve) => {
      this.#waiting.set(history.runId, resolve);
    });
    this.#queue.push(history);
    this.#wake();
    return outcome;
  }

  async #work(workflowBundle: { readonly codePath: string }): Promise<void> {
    const results = Worker.runReplayHistories({ workflowBundle }, this.#histories());
    for await (const { runId, error } of results) {
      this.#waiting.get(runId)?.(
        error === undefined ? undefined : `${error.name}: ${error.message}`,
      );
      this.#waiting.delete(runId);
    }
  }

  async *#histories(): AsyncGenerator<{ workflowId: string; history: unknown }> {
    for (;;) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        yield { workflowId: next.workflowId, history: { events: next.events } };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
