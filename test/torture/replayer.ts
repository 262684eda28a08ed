import { Worker } from '@temporalio/worker';
import type { RunHistory } from './evidence.js';

/** A history that ends its worker so often is reported. */
const TRIES_MAX = 3;

interface Waiting {
  readonly history: RunHistory;
  tries: number;
  readonly tell: (error: string | undefined) => void;
}

/**
 * Replays histories with the workflows of today. One worker for all of them: to start one costs more
 * than a hundred histories.
 */
export class Replayer {
  readonly #workflowBundle: { readonly codePath: string };
  #queue: Waiting[] = [];
  /** Given to the worker, by run id. */
  readonly #given = new Map<string, Waiting>();
  #wake: () => void = () => undefined;

  constructor(workflowBundle: { readonly codePath: string }) {
    this.#workflowBundle = workflowBundle;
    void this.#work();
  }

  /** How today's workflows fail to understand it; `undefined` when they do. */
  replay(history: RunHistory): Promise<string | undefined> {
    return new Promise((tell) => {
      this.#queue.push({ history, tries: 0, tell });
      this.#wake();
    });
  }

  async #work(): Promise<void> {
    for (;;) {
      const said = await this.#serve().then(
        () => 'it ended',
        (error: unknown) => String(error),
      );
      // The SDK's replay worker (1.24.0) now and then ends by itself: what it had is given to another.
      const again = [...this.#given.values()];
      this.#given.clear();
      for (const waiting of again) {
        if (waiting.tries < TRIES_MAX) this.#queue.push(waiting);
        else waiting.tell(`the replay worker gave no answer: ${said}`);
      }
    }
  }

  async #serve(): Promise<void> {
    const { codePath } = this.#workflowBundle;
    // Not on this thread, as the SDK does for debuggers.
    const options = { workflowBundle: { codePath }, debugMode: false };
    for await (const { runId, error } of Worker.runReplayHistories(options, this.#histories())) {
      this.#given
        .get(runId)
        ?.tell(error === undefined ? undefined : `${error.name}: ${error.message}`);
      this.#given.delete(runId);
    }
  }

  async *#histories(): AsyncGenerator<{ workflowId: string; history: unknown }> {
    for (;;) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        next.tries += 1;
        const { workflowId, runId, events } = next.history;
        this.#given.set(runId, next);
        yield { workflowId, history: { events } };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
