import { FIXED_BOUNDS } from '../../contract/policy.js';
import { parseSendTargets } from '../../host/iscsiadm/send-targets.js';
import { classifyLoginExit } from '../../host/iscsiadm/exit-codes.js';
import type { ResolvedChap } from '../../host/iscsiadm/node-settings.js';
import { requireDiscovery } from '../input-checks.js';
import type { SaidEnd, VerbContext } from '../verb-context.js';
import type { DiscoveryInput, DiscoveryOutcome } from '../verbs.js';
import { withDiscoveryRecord } from './discovery-record.js';
import { endFacts } from './failed-end.js';
import { requireIface } from './has-iface.js';

/**
 * Asks a portal which targets it serves, and where. Nothing of the answer is stored: discovery in its
 * usual form rewrites the node records of every target the portal knows, also those of others.
 *
 * With credentials there is a discovery record for as long as it takes, since no argument may carry
 * a secret; one that was there before is as before afterwards.
 */
export async function discoverPortals(
  context: VerbContext,
  input: DiscoveryInput,
): Promise<DiscoveryOutcome> {
  requireDiscovery(input);
  await requireIface(context, input.iface);
  const { portal, iface, chap, mutualChap } = input;
  // Credentials that are not given are those of iscsid.conf, not those of a record of others.
  if (chap === undefined) {
    return asOutcome(
      await run(context, ['-m', 'discovery', '-t', 'sendtargets', '-p', portal, '-I', iface]),
    );
  }
  const credentials: { chap: ResolvedChap; mutualChap?: ResolvedChap } = {
    chap: await context.resolveChap(chap),
    ...(mutualChap === undefined ? {} : { mutualChap: await context.resolveChap(mutualChap) }),
  };
  const discover = ['-m', 'discoverydb', '-t', 'sendtargets', '-p', portal, '-I', iface];
  return withDiscoveryRecord(context, portal, credentials, async () =>
    asOutcome(await run(context, [...discover, '--discover'])),
  );
}

async function run(context: VerbContext, args: readonly string[]): Promise<SaidEnd> {
  return context.run({
    program: 'iscsiadm',
    args: [...args, '-o', 'nonpersistent'],
    timeoutMs: FIXED_BOUNDS.iscsiadmTimeoutMs,
  });
}

function asOutcome(end: SaidEnd): DiscoveryOutcome {
  if (end.timedOut) return { kind: 'overran', ...endFacts(end) };
  const kind = end.exitCode === undefined ? 'trouble' : classifyLoginExit(end.exitCode);
  if (kind === 'done') return { kind: 'found', targets: parseSendTargets(end.stdout) };
  return { kind: kind === 'session-exists' ? 'trouble' : kind, ...endFacts(end) };
}
