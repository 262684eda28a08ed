import type { PrivilegedVerbs } from '../../privileged/verbs.js';
import {
  HELPER_READY,
  isVerbAnswer,
  restoreError,
  VERB_NAMES,
  type MessagePort,
  type VerbName,
} from './verb-messages.js';

/** The helper ended while somebody waited for it; whether the verb took effect is not known. */
export class HelperGone extends Error {
  override readonly name = 'HelperGone';
  readonly code = 'EPIPE';

  constructor() {
    super('the privileged helper has ended');
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's side of the channel. */
export interface RemoteVerbs {
  readonly verbs: PrivilegedVerbs;
  /** Resolves when the helper can be called; rejects with {@link HelperGone} when it never can. */
  readonly ready: Promise<void>;
}

/** The privileged verbs as they are carried out at the other end. */
export function remoteVerbs(port: MessagePort): RemoteVerbs {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isGone = false;
  let becomeReady: Waiting | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = { resolve: () => resolve(), reject };
  });
  // Whoever does not wait for it hears of the end by the first call.
  ready.catch(() => undefined);
  port.onMessage((message) => {
    if (message === HELPER_READY) becomeReady?.resolve(undefined);
    if (!isVerbAnswer(message)) return;
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if ('error' in message) caller?.reject(restoreError(message.error));
    else caller?.resolve(message.value);
  });
  port.onClose(() => {
    isGone = true;
    becomeReady?.reject(new HelperGone());
    for (const { reject } of waiting.values()) reject(new HelperGone());
    waiting.clear();
  });
  const call = (verb: VerbName, input: unknown): Promise<unknown> => {
    if (isGone) return Promise.reject(new HelperGone());
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      port.send({ id, verb, ...(input === undefined ? {} : { input }) });
    });
  };
  const verbs = Object.fromEntries(
    VERB_NAMES.map((verb) => [verb, (input?: unknown) => call(verb, input)]),
  ) as unknown as PrivilegedVerbs;
  return { verbs, ready };
}
