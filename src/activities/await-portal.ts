import { createFailure } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import type { HostPath } from '../model/steps.js';
import { unlessAborted } from '../privileged/unless-aborted.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';

type PortalOfTarget = Pick<HostPath, 'portal' | 'iqn' | 'iface'>;

/**
 * Waits until a portal takes connections, so that no login is begun at a dead one: it leaves no
 * record behind, and a cancel ends the wait at once, which ends no login.
 *
 * A portal that refuses gets a moment, as arrays need it to move a portal; silence gets all the time
 * a login would have.
 *
 * @throws PortalUnreachable - passing; the signal's reason when it aborts
 */
export async function awaitPortal(
  host: HostContext,
  { path, timeoutMs }: { readonly path: PortalOfTarget; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<void> {
  // Another interface may have another way there; only its own login can tell.
  if (path.iface !== 'default') return;
  const said = new Set<string>();
  const knock = async (waitedMs: number): Promise<true | undefined> => {
    const leftMs = Math.max(1, Math.round(timeoutMs - waitedMs));
    const answer = await unlessAborted(host.network.knock(path.portal, leftMs), signal);
    said.add(answer);
    return answer === 'open' ? true : undefined;
  };
  const waitMs = Math.min(timeoutMs, FIXED_BOUNDS.refusedPortalMs);
  if ((await lookUntil({ waitMs, signal }, knock)) === true) return;
  throw createFailure(
    'PortalUnreachable',
    `No connection to ${path.portal} (${path.iqn}) within ${timeoutMs} ms: ${[...said].join(', then ')}`,
    { portal: path.portal, iqn: path.iqn, answers: [...said] },
  );
}
