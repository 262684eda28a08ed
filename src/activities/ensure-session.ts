import { createFailure, type FailureType } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { FileTree } from '../host/file-tree.js';
import { findSessions, type PlacedSession } from '../host/sysfs/iscsi-session.js';
import {
  ensureSessionInputSchema,
  type HostPath,
  type HostSteps,
  type Seen,
  type SessionResult,
} from '../model/steps.js';
import type { LoginOutcome, NodeSettings } from '../privileged/verbs.js';
import { awaitPortal } from './await-portal.js';
import { sessionLockKey } from './claim-store.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';
import { bringUpStep } from './step.js';
import { ofOnePath } from './step-order.js';

/**
 * Makes sure that this host has a session to one portal, claimed by this attachment.
 *
 * The portal is knocked at first: nothing is made for one that does not answer, and a wait for it can
 * be called off, which a login cannot.
 *
 * Repeatable: an open session is the wanted end, and the answer is read from sysfs after the command,
 * so a login that happened though its answer was lost is found too. The claim is on disk before the
 * login, so that no release of another attachment can log out in between. A session whose logout has
 * begun is waited out: it may end under whoever uses it.
 *
 * @throws LoginRefused, TargetNotFound, HostNotReady, SecretUnavailable - permanent
 * @throws PortalUnreachable, CommandTimedOut - passing
 */
export function ensureSessionStep(host: HostContext): HostSteps['ensureSession'] {
  return bringUpStep(host, ensureSessionInputSchema, ofOnePath, async ({ input, signal }) => {
    const { path, owner, loginTimeoutMs } = input;
    if ((await openSession(host.files, path)) === undefined) {
      await awaitPortal(host, { path, timeoutMs: loginTimeoutMs }, signal);
    }
    const bringUp = async (): Promise<Opened | undefined> => {
      const { claims, verbs, files } = host;
      const note = await claims.getNote(path);
      const open = await openSession(files, path);
      if (open !== undefined && open.sid === note?.leaving) return undefined;
      if ((await claims.get(path, owner)) === undefined) await claims.put({ ...path, owner });
      if (open !== undefined) {
        return { sid: open.sid, scsiHost: open.scsiHost, alreadyOpen: true };
      }
      const settings: NodeSettings = {
        loginTimeoutSeconds: Math.ceil(loginTimeoutMs / 1_000),
        ...(input.chap === undefined ? {} : { chap: input.chap }),
        ...(input.mutualChap === undefined ? {} : { mutualChap: input.mutualChap }),
      };
      // The note comes before the deed: a worker that dies in between must not leak what it made.
      const madeSession = note?.madeSession ?? (await findSessions(files, path)).length === 0;
      await claims.putNote({ ...path, madeSession });
      const record = { ...path, ...settings };
      const login = { ...path, timeoutMs: loginTimeoutMs + FIXED_BOUNDS.iscsiadmTimeoutMs };
      await verbs.ensureNodeRecord(record);
      let outcome = await verbs.logIn(login);
      // The secret may have been exchanged just now, here and on the array.
      if (outcome.kind === 'refused' && (await verbs.ensureNodeRecord(record)).changed) {
        outcome = await verbs.logIn(login);
      }
      if (outcome.kind !== 'session') throw loginFailure(outcome, input);
      return { sid: outcome.sid, scsiHost: outcome.scsiHost, alreadyOpen: false };
    };
    // Who is called off while another login hangs has nothing begun, and goes at once.
    const inTurn = (): Promise<Opened | undefined> =>
      host.sessionLocks.run(sessionLockKey(path), bringUp, signal);
    // The look is not under the lock: who logs out may have to try again.
    const opened = await lookUntil({ waitMs: loginTimeoutMs, signal }, inTurn);
    if (opened === undefined) throw stillLeaving(path, loginTimeoutMs);
    return opened;
  });
}

interface Opened extends Omit<SessionResult, keyof Seen> {
  readonly scsiHost: number;
}

/** One in recovery is not open: the login waits for it, or says why there is none. */
async function openSession(files: FileTree, path: HostPath): Promise<PlacedSession | undefined> {
  const sessions = await findSessions(files, path);
  return sessions.find(({ state }) => state === 'LOGGED_IN');
}

function stillLeaving({ portal, iqn }: HostPath, waitedMs: number): Error {
  return createFailure(
    'CommandTimedOut',
    `The session to ${iqn} at ${portal} is being logged out, and was not gone after ${waitedMs} ms`,
    { portal, iqn, waitedMs },
  );
}

type FailedLogin = Exclude<LoginOutcome, { kind: 'session' }>;

const LOGIN_FAILURES: Readonly<Record<FailedLogin['kind'], FailureType>> = {
  refused: 'LoginRefused',
  'no-target': 'TargetNotFound',
  unreachable: 'PortalUnreachable',
  'not-ready': 'HostNotReady',
  trouble: 'PortalUnreachable',
  overran: 'CommandTimedOut',
};

function loginFailure(
  outcome: FailedLogin,
  { path, loginTimeoutMs }: { path: { portal: string; iqn: string }; loginTimeoutMs: number },
): Error {
  const type = LOGIN_FAILURES[outcome.kind];
  const exit = outcome.exitCode === undefined ? '' : ` (iscsiadm exit ${outcome.exitCode})`;
  return createFailure(
    type,
    `Login to ${path.iqn} at ${path.portal} ended as ${outcome.kind}${exit}, ` +
      `allowed ${loginTimeoutMs} ms${outcome.said === '' ? '' : `: ${outcome.said}`}`,
    { portal: path.portal, iqn: path.iqn, outcome: outcome.kind, exitCode: outcome.exitCode },
  );
}
