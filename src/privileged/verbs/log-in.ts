import { setTimeout as pause } from 'node:timers/promises';
import {
  classifyLoginExit,
  ISCSIADM_EXIT,
  isWorthRepeating,
} from '../../host/iscsiadm/exit-codes.js';
import { findNodeRecord, type NodeRecord } from '../../host/iscsiadm/node-database.js';
import { findSessions, type PlacedSession } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget, requireTimeout } from '../input-checks.js';
import { lookUntil } from '../look-until.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';
import type { LoginOutcome, PortalTarget } from '../verbs.js';
import { endFacts } from './failed-end.js';

/** A call that stumbled over another one is made again this often, after a pause of some ms. */
const REPEATS_MAX = 3;
const PAUSE_MIN_MS = 100;
const PAUSE_SPREAD_MS = 200;
/** Between the end of iscsiadm and the session's `LOGGED_IN` in sysfs; also a short recovery. */
const SETTLE_MS = 2_000;
/** After a failure sysfs is looked at just once more: another login may have made the session. */
const NO_SETTLE_MS = 0;

/** Logs in, and says which session sysfs shows afterwards, whatever iscsiadm answered. */
export async function logIn(
  context: VerbContext,
  input: PortalTarget & { readonly timeoutMs: number },
): Promise<LoginOutcome> {
  requirePortalTarget(input);
  requireTimeout(input.timeoutMs);
  const open = await openSession(context, input);
  if (open !== undefined) return asOutcome(open);
  const record = await findNodeRecord(context.files, input);
  if (record === undefined) return { kind: 'trouble', said: 'there is no node record' };

  const start = performance.now();
  for (let repeats = 0; ; repeats += 1) {
    const leftMs = input.timeoutMs - (performance.now() - start);
    const end = await runLogin(context, record, Math.max(1, Math.round(leftMs)));
    const session = await lookUntil(settleMs(end), async () => openSession(context, input));
    if (session !== undefined) return asOutcome(session);
    if (end.timedOut) return { kind: 'overran', ...endFacts(end) };
    if (repeats === REPEATS_MAX || end.exitCode === undefined || !isWorthRepeating(end.exitCode)) {
      return failedLogin(context, input, end);
    }
    await pause(PAUSE_MIN_MS + Math.random() * PAUSE_SPREAD_MS);
  }
}

async function runLogin(
  context: VerbContext,
  { iqn, portal, iface }: NodeRecord,
  timeoutMs: number,
): Promise<SaidEnd> {
  return context.run({
    program: 'iscsiadm',
    args: ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '--login'],
    timeoutMs,
  });
}

/** A session that works: one that is being made, or has lost its portal, is in sysfs as well. */
async function openSession(
  context: VerbContext,
  input: PortalTarget,
): Promise<PlacedSession | undefined> {
  const sessions = await findSessions(context.files, input);
  return sessions.find((session) => session.state === 'LOGGED_IN');
}

function settleMs(end: SaidEnd): number {
  const promised =
    end.exitCode === ISCSIADM_EXIT.success || end.exitCode === ISCSIADM_EXIT.sessionExists;
  return promised ? SETTLE_MS : NO_SETTLE_MS;
}

async function failedLogin(
  context: VerbContext,
  input: PortalTarget,
  end: SaidEnd,
): Promise<LoginOutcome> {
  const kind = end.exitCode === undefined ? 'trouble' : classifyLoginExit(end.exitCode);
  if (kind === 'done' || kind === 'session-exists') {
    const [session] = await findSessions(context.files, input);
    return session === undefined
      ? { kind: 'trouble', ...endFacts(end), said: 'iscsiadm saw a session, sysfs shows none' }
      : {
          kind: 'unreachable',
          ...endFacts(end),
          said: `session ${session.sid} is ${session.state}`,
        };
  }
  // Code 21 means "no record" as well; somebody may have deleted it just now.
  if (kind === 'no-target' && (await findNodeRecord(context.files, input)) === undefined) {
    return { kind: 'trouble', ...endFacts(end), said: 'the node record has gone' };
  }
  return { kind, ...endFacts(end) };
}

function asOutcome({ sid, scsiHost }: PlacedSession): LoginOutcome {
  return { kind: 'session', sid, scsiHost };
}
