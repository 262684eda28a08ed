import { setTimeout as pause } from 'node:timers/promises';
import { ISCSIADM_EXIT, isWorthRepeating } from '../../host/iscsiadm/exit-codes.js';
import { hasSession, isSessionTo, readSession } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget, requireSid, requireTimeout } from '../input-checks.js';
import { lookUntil } from '../look-until.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';
import type { PortalTarget, RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';

/** A call that stumbled over another one is made again this often. */
const REPEATS_MAX = 3;
const PAUSE_MS = 200;

/** Logs out exactly this session, and waits until sysfs shows it no longer. */
export async function logOut(
  context: VerbContext,
  input: PortalTarget & { readonly sid: number; readonly timeoutMs: number },
): Promise<RemovalOutcome> {
  requirePortalTarget(input);
  requireSid(input.sid);
  requireTimeout(input.timeoutMs);
  const { sid } = input;
  const { files } = context;
  if (!(await hasSession(files, sid))) return { kind: 'already-gone' };
  const session = await readSession(files, sid);
  if (session === undefined || !isSessionTo(session, input)) {
    const seen = session === undefined ? 'nobody yet' : `${session.targetIqn} at ${session.portal}`;
    return {
      kind: 'refused',
      said: `session ${sid} is to ${seen}, expected ${input.iqn} at ${input.portal}`,
    };
  }
  const start = performance.now();
  const leftMs = (): number => Math.max(1, input.timeoutMs - (performance.now() - start));
  for (let repeats = 0; ; repeats += 1) {
    const end = await context.run({
      program: 'iscsiadm',
      args: ['-m', 'session', '-r', String(sid), '--logout'],
      timeoutMs: Math.round(leftMs()),
    });
    const gone = await lookUntil(isPromised(end) ? leftMs() : 0, async () =>
      (await hasSession(files, sid)) ? undefined : true,
    );
    if (gone !== undefined) return { kind: 'done' };
    if (isPromised(end)) return { ...failedEnd(end), kind: 'timed-out' };
    if (repeats === REPEATS_MAX || !mayRepeat(end) || leftMs() <= PAUSE_MS) return failedEnd(end);
    await pause(PAUSE_MS);
  }
}

/** The session is, or will be, gone; if it stays all the same, the time is up. */
function isPromised(end: SaidEnd): boolean {
  return end.exitCode === ISCSIADM_EXIT.success;
}

function mayRepeat(end: SaidEnd): boolean {
  return end.exitCode !== undefined && isWorthRepeating(end.exitCode);
}
