import { inspect } from 'node:util';
import type { Client } from '@temporalio/client';
import { MooringClient } from '../../src/client/mooring-client.js';
import { OperationError } from '../../src/client/operation-error.js';
import type { Operation } from '../../src/client/operation.js';
import { exclusiveWorkflowId, sharedWorkflowId } from '../../src/contract/ids.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { Call } from './evidence.js';
import {
  PORTALS,
  TARGET_IQNS,
  type AttachDeed,
  type Deed,
  type DeedOf,
  type Plan,
} from './plan.js';
import { CHAP_USER, SECRET_REF } from './secrets.js';
import { designator, udevWwid } from './wwids.js';

/** What a caller asks for. */
export type AskDeed = DeedOf<
  'attach' | 'detach' | 'cancel' | 'verify' | 'repair' | 'plan' | 'approve'
>;
type Names = Pick<Call, 'volumeId' | 'hostId'>;

/** A WWID no volume has. */
const WRONG_INDEX = 900;
/** No question stays open longer than everything that could go wrong together. */
const CALL_TIMEOUT_MS = 900_000;
const ABOUT = { requestedBy: 'torture', reason: 'drawn from a seed' };

/** Asks mooring, by its client library, and notes every question with its answer. */
export class Caller {
  readonly calls: Call[] = [];
  readonly #client: Client;
  readonly #mooring: MooringClient;
  readonly #plan: Plan;
  readonly #tag: string;

  constructor(client: Client, plan: Plan, tag: string) {
    this.#client = client;
    this.#mooring = new MooringClient(client);
    this.#plan = plan;
    this.#tag = tag;
  }

  get unanswered(): Call[] {
    return this.calls.filter(({ answeredAtMs }) => answeredAtMs === undefined);
  }

  /** Asks, and returns with the answer noted. Never rejects. */
  async ask(deed: AskDeed, names: Names, mustSucceed = false): Promise<Call> {
    const call: Call = { deed, ...names, sentAtMs: performance.now(), mustSucceed };
    this.calls.push(call);
    try {
      call.ok = (await this.#send(deed, names, call)) ?? null;
    } catch (error) {
      call.error =
        error instanceof OperationError
          ? { type: error.type, message: error.message, facts: error.facts, cause: told(error) }
          : { type: 'no OperationError', message: String(error), facts: {} };
    }
    call.answeredAtMs = performance.now();
    return call;
  }

  /** Asks the server once more for the outcome of an update it has answered. */
  async askAgain(call: Call): Promise<void> {
    if (call.handle === undefined || call.answeredAtMs === undefined) return;
    const { workflowId, runId, updateId } = call.handle;
    const handle = this.#client.workflow.getHandle(workflowId, runId).getUpdateHandle(updateId);
    try {
      call.again = await handle.result();
    } catch (error) {
      const cause: unknown = error instanceof Error ? error.cause : undefined;
      call.again = { error: cause instanceof Error ? cause.message : String(error) };
    }
  }

  async #send(deed: AskDeed, names: Names, call: Call): Promise<unknown> {
    const bounded = { timeoutMs: CALL_TIMEOUT_MS };
    switch (deed.kind) {
      case 'attach':
        return this.#follow(
          await this.#mooring.startAttach(this.#attachRequest(deed, names), bounded),
          call,
        );
      case 'detach': {
        const { requestId, mode } = deed;
        const request = { ...names, ...ABOUT, mode, requestId: this.#requestId(requestId) };
        const sent = await this.#mooring.startDetach(request, bounded);
        return 'nothing' in sent ? sent.nothing : this.#follow(sent, call);
      }
      case 'verify':
        return this.#mooring.verify({ ...names, ...ABOUT }, bounded);
      case 'repair':
        return this.#mooring.repair({ ...names, ...ABOUT }, bounded);
      case 'plan':
        return this.#mooring.plan({ ...names, ...ABOUT, operation: 'detach' }, bounded);
      case 'approve':
        return this.#mooring.approve({ ...names, ...ABOUT, decision: deed.decision }, bounded);
      case 'cancel':
        return this.#cancel(names);
    }
  }

  async #follow(operation: Operation<unknown>, call: Call): Promise<unknown> {
    call.handle = handleOf(operation);
    try {
      return await operation.result();
    } finally {
      // It may have gone on to another run, whose answer this is.
      call.handle = handleOf(operation);
    }
  }

  async #cancel({ volumeId, hostId }: Names): Promise<void> {
    const ids = [exclusiveWorkflowId(volumeId), sharedWorkflowId(volumeId, hostId)];
    // One of the two is not there, and both may have closed.
    await Promise.all(
      ids.map((id) =>
        this.#client.workflow
          .getHandle(id)
          .cancel()
          .catch(() => undefined),
      ),
    );
  }

  #requestId(requestId: string): string {
    return `${this.#tag}.${requestId}`;
  }

  #attachRequest(deed: AttachDeed, names: Names): AttachRequestInput {
    const { lun } = this.#plan.volumes[deed.volume] ?? { lun: 0 };
    const paths = deed.paths.map(({ target, portal }) => ({
      portal: PORTALS[portal] ?? '',
      iqn: TARGET_IQNS[target],
      lun,
    }));
    const [first] = paths;
    if (first === undefined) throw new RangeError('an attach needs a path');
    const needsChap = this.#plan.chap && deed.paths.some(({ target }) => target === 'b');
    const chap = { username: CHAP_USER, secretRef: SECRET_REF };
    return {
      ...names,
      ...ABOUT,
      requestId: this.#requestId(deed.requestId),
      access: deed.access,
      multipath: deed.multipath,
      onBoot: deed.onBoot,
      connection: {
        ...(deed.discovery ? { discovery: first } : { paths }),
        ...(needsChap ? { chap } : {}),
      },
      expect: expectationOf(deed),
      policy: deed.discovery ? { ...deed.policy, minPaths: 1 } : deed.policy,
    };
  }
}

function handleOf({ workflowId, runId, updateId }: Operation<unknown>): Required<Call>['handle'] {
  return { workflowId, runId, updateId };
}

function expectationOf({ expect, volume }: AttachDeed): { wwid?: string } {
  switch (expect) {
    case 'absent':
      return {};
    case 'right':
      return { wwid: udevWwid(volume) };
    case 'wrong':
      return { wwid: `3${designator(WRONG_INDEX)}` };
  }
}

/** What the server said, for those who look for the reason; secrets must not be in it either. */
function told({ cause }: OperationError): string {
  return inspect(cause, { depth: 4 }).slice(0, 2_000);
}

export function isAsk(deed: Deed): deed is AskDeed {
  return ['attach', 'detach', 'cancel', 'verify', 'repair', 'plan', 'approve'].includes(deed.kind);
}
