import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';

/** On top of an order's own time: the way there and back under emulation, with both cores busy. */
const TRANSPORT_MS = 10_000;

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code?: string };
  readonly ready?: { readonly bootId: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Orders to the agent in the guest and its answers, as JSON lines over the emulator's own pipes. */
export class AgentChannel {
  /** The guest's boot id, as soon as its agent says that it is there. */
  readonly ready: Promise<string>;
  private readonly orders: Writable;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private closed: Error | undefined;
  private announceReady: (bootId: string) => void = () => undefined;
  private failReady: (error: Error) => void = () => undefined;

  constructor({ orders, answers }: { readonly orders: Writable; readonly answers: Readable }) {
    this.orders = orders;
    this.ready = new Promise((resolve, reject) => {
      this.announceReady = resolve;
      this.failReady = reject;
    });
    // Whoever boots awaits it; a guest that dies when nobody does is reported elsewhere.
    this.ready.catch(() => undefined);
    createInterface({ input: answers }).on('line', (line) => {
      this.receive(line);
    });
    // The emulator may go at any time; what waits is told by close().
    orders.on('error', () => undefined);
  }

  /**
   * Sends one order and waits for its answer.
   *
   * @param timeoutMs - what the order itself may take in the guest
   */
  async ask<Result>(order: string, input: unknown, timeoutMs: number): Promise<Result> {
    if (this.closed !== undefined) throw this.closed;
    this.lastId += 1;
    const id = this.lastId;
    const result = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`the guest did not answer ${order} within ${String(timeoutMs)} ms`));
      }, timeoutMs + TRANSPORT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      this.orders.write(`${JSON.stringify({ id, order, input })}\n`);
    });
    return result as Result;
  }

  /** Ends every wait: the guest is gone. */
  close(reason: Error): void {
    this.closed = reason;
    this.failReady(reason);
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.waiting.clear();
  }

  private receive(line: string): void {
    const reply = parseReply(line);
    if (reply === undefined) return;
    if (reply.ready !== undefined) this.announceReady(reply.ready.bootId);
    if (reply.id === undefined) return;
    const waiting = this.waiting.get(reply.id);
    if (waiting === undefined) return;
    this.waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.error === undefined) waiting.resolve(reply.result);
    else waiting.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
  }
}

/** The firmware may say something on the same pipe before the agent does. */
function parseReply(line: string): Reply | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Reply;
  } catch {
    return undefined;
  }
}
