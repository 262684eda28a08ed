import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { MooringClient } from '../../src/client/mooring-client.js';
import { OperationError } from '../../src/client/operation-error.js';
import { eventually } from '../support/eventually.js';
import type { Stage } from './stage.js';

/** How a question was answered. */
export type Answer =
  { readonly ok: unknown } | { readonly failure: string; readonly message: string };

/** Something asked of mooring, and asked again with the same request id when no answer came through. */
export interface Question {
  readonly what: 'attach' | 'detach' | 'repair' | 'plan';
  readonly requestId: string;
  readonly answer: Promise<Answer>;
  /** Waits until mooring has it; asked again, until mooring has it again. */
  untilTaken(): Promise<void>;
}

/** Sends it, says when mooring has it, and waits for the answer. */
type Send = (mooring: MooringClient, requestId: string, onTaken: () => void) => Promise<unknown>;

/** Said when the way to the server is lost, or its other end: ask again. */
const ASK_AGAIN = new Set(['ServerUnreachable', 'ControlWorkerUnavailable', 'StillRunning']);
const ASKS_MAX = 10;
const ANSWER_MS = 600_000;
const TAKEN_MS = 300_000;

/** A caller in front of the client library, with a connection of its own. */
export class Asker {
  readonly questions: Question[] = [];
  private readonly stage: Stage;
  private client: Promise<Client>;
  private returned: Promise<void> = Promise.resolve();
  private death = new AbortController();

  constructor(stage: Stage) {
    this.stage = stage;
    this.client = stage.openClient();
  }

  /** Asks; the answer comes by {@link Question.answer}, which never rejects. */
  ask(what: Question['what'], send: Send): Question {
    const requestId = randomUUID();
    let takenBy: Client | undefined;
    const answer = this.answered(async (mooring, client) =>
      send(mooring, requestId, () => {
        takenBy = client;
      }),
    );
    const untilTaken = (): Promise<void> =>
      eventually(
        async () => {
          if (takenBy !== (await this.client)) throw new Error(`the ${what} is not taken`);
        },
        { withinMs: TAKEN_MS },
      );
    const question = { what, requestId, answer, untilTaken };
    this.questions.push(question);
    return question;
  }

  /** The caller dies with its connection, and another comes and asks the same; until it has asked. */
  async dieAndComeBack(): Promise<void> {
    let isBack: () => void = () => undefined;
    this.returned = new Promise((resolve) => {
      isBack = resolve;
    });
    const before = await this.client;
    // A connection that is closed lets its last calls end well; one that breaks does not.
    this.death.abort();
    this.death = new AbortController();
    await before.connection.close();
    this.client = this.stage.openClient();
    await this.client;
    isBack();
    await Promise.all(this.questions.map((question) => question.untilTaken()));
  }

  async close(): Promise<void> {
    await (await this.client).connection.close();
  }

  private async answered(
    send: (mooring: MooringClient, client: Client) => Promise<unknown>,
  ): Promise<Answer> {
    const untilAt = Date.now() + ANSWER_MS;
    for (let asked = 1; ; asked += 1) {
      const client = await this.client;
      const { death } = this;
      try {
        const ask = () => send(new MooringClient(client), client);
        const mortal = () => client.withAbortSignal(death.signal, ask);
        return { ok: (await client.withDeadline(untilAt, mortal)) ?? null };
      } catch (error) {
        await this.returned;
        const isLeft = client !== (await this.client);
        const { failure, message } = describeError(error);
        const mayAsk = asked < ASKS_MAX && Date.now() < untilAt;
        if (!mayAsk || !(isLeft || ASK_AGAIN.has(failure))) return { failure, message };
      }
    }
  }
}

function describeError(error: unknown): { failure: string; message: string } {
  return error instanceof OperationError
    ? { failure: error.type, message: error.message }
    : { failure: 'no OperationError', message: String(error) };
}
