import { inspect } from 'node:util';
import type { Client } from '@temporalio/client';
import { MooringClient } from '../../src/client/mooring-client.js';
import { OperationError } from '../../src/client/operation-error.js';
import type { Operation } from '../../src/client/operation.js';
import type { Call } from '../../test/torture/evidence.js';
import type { AskDeed } from '../../test/torture/caller.js';
import { CHAP_USER, SECRET_REF } from '../../test/torture/secrets.js';
import { udevWwid } from '../../test/torture/wwids.js';
import { IQN, LUNS, PORTALS, VOLUMES } from './fault-array.js';

/** Longer than everything that can go wrong together, on a busy machine. */
const CALL_TIMEOUT_MS = 600_000;
const PLACE = { volume: VOLUMES.ours, host: 0 };
const POLICY = {
  deadlineMs: 600_000,
  // A worker that was killed starts within seconds, on a busy machine within minutes.
  hostWaitMs: 400_000,
  // A top-up that comes soon: what is degraded when all is healed must not stay so.
  retryPathsMinMs: 1_000,
  retryPathsMaxMs: 5_000,
};

/** Asks mooring for the volume under test, and notes every question with its answer. */
export class FaultAsker {
  readonly calls: Call[] = [];
  private readonly client: Client;
  private readonly mooring: MooringClient;
  private readonly names: Pick<Call, 'volumeId' | 'hostId'>;

  constructor(client: Client, names: Pick<Call, 'volumeId' | 'hostId'>) {
    this.client = client;
    this.mooring = new MooringClient(client);
    this.names = names;
  }

  get unanswered(): Call[] {
    return this.calls.filter(({ answeredAtMs }) => answeredAtMs === undefined);
  }

  attach(): Promise<Call> {
    const requestId = `${this.names.volumeId}.attach`;
    const deed: AskDeed = {
      kind: 'attach',
      ...PLACE,
      requestId,
      paths: [],
      discovery: false,
      access: 'exclusive',
      multipath: 'required',
      expect: 'right',
      onBoot: 'reattach',
      policy: POLICY,
    };
    return this.ask(deed, (options) =>
      this.mooring.startAttach(
        {
          ...this.names,
          requestId,
          multipath: 'required',
          connection: {
            paths: PORTALS.slice(1).map((portal) => ({ portal, iqn: IQN, lun: LUNS.ours })),
            chap: { username: CHAP_USER, secretRef: SECRET_REF },
          },
          expect: { wwid: udevWwid(VOLUMES.ours) },
          policy: POLICY,
        },
        options,
      ),
    );
  }

  detach({ mustSucceed = false } = {}): Promise<Call> {
    const requestId = `${this.names.volumeId}.detach-${String(this.calls.length)}`;
    const deed: AskDeed = { kind: 'detach', ...PLACE, requestId, mode: 'normal' };
    const start = (options: { timeoutMs: number }) =>
      this.mooring.startDetach({ ...this.names, requestId }, options);
    return this.ask(deed, start, mustSucceed);
  }

  /** Asks the server once more for the outcome of every update it has answered. */
  async askAgain(): Promise<void> {
    for (const call of this.calls) {
      if (call.handle === undefined || call.answeredAtMs === undefined) continue;
      const { workflowId, runId, updateId } = call.handle;
      const handle = this.client.workflow.getHandle(workflowId, runId).getUpdateHandle(updateId);
      try {
        call.again = await handle.result();
      } catch (error) {
        const cause: unknown = error instanceof Error ? error.cause : undefined;
        call.again = { error: cause instanceof Error ? cause.message : String(error) };
      }
    }
  }

  /** Asks, and returns with the answer noted. Never rejects. */
  private async ask(
    deed: AskDeed,
    start: (options: {
      timeoutMs: number;
    }) => Promise<Operation<unknown> | { readonly nothing: unknown }>,
    mustSucceed = false,
  ): Promise<Call> {
    const call: Call = { deed, ...this.names, sentAtMs: performance.now(), mustSucceed };
    this.calls.push(call);
    try {
      const sent = await start({ timeoutMs: CALL_TIMEOUT_MS });
      if ('nothing' in sent) call.ok = sent.nothing;
      else {
        const { workflowId, runId, updateId } = sent;
        call.handle = { workflowId, runId, updateId };
        call.ok = (await sent.result()) ?? null;
      }
    } catch (error) {
      call.error = asNoted(error);
    }
    call.answeredAtMs = performance.now();
    return call;
  }
}

function asNoted(error: unknown): NonNullable<Call['error']> {
  if (!(error instanceof OperationError)) {
    return { type: 'no OperationError', message: String(error), facts: {} };
  }
  const { type, message, facts, cause } = error;
  return { type, message, facts, cause: inspect(cause, { depth: 4 }).slice(0, 2_000) };
}
