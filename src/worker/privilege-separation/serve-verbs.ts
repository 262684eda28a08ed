import type { PrivilegedVerbs } from '../../privileged/verbs.js';
import { carryError, HELPER_READY, isVerbCall, type MessagePort } from './verb-messages.js';

/** The root side of the channel. */
export interface VerbServer {
  /** Resolves when the worker is gone and the last verb under way has ended. */
  readonly ended: Promise<void>;
}

/**
 * Carries out what the worker asks for. The worker is not trusted: only known verbs are called, and
 * each checks its own input. A message of another form is not answered.
 */
export function serveVerbs(port: MessagePort, verbs: PrivilegedVerbs): VerbServer {
  const underWay = new Set<Promise<void>>();
  const call = verbs as unknown as Record<string, (input: unknown) => Promise<unknown>>;
  const answer = async (id: number, verb: string, input: unknown): Promise<void> => {
    try {
      port.send({ id, value: await call[verb]?.(input) });
    } catch (error) {
      port.send({ id, error: carryError(error) });
    }
  };
  port.onMessage((message) => {
    if (!isVerbCall(message)) return;
    const work = answer(message.id, message.verb, message.input);
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
  const ended = new Promise<void>((resolve) => {
    port.onClose(() => {
      // What was begun is brought to its end: the next worker finds it done.
      void Promise.allSettled(underWay).then(() => {
        resolve();
      });
    });
  });
  port.send(HELPER_READY);
  return { ended };
}
