import { createFailure, type FailureType } from '../contract/failures.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { targetNameKey } from '../contract/target-name.js';
import {
  discoverPathsInputSchema,
  type DiscoverPathsInput,
  type HostSteps,
} from '../model/steps.js';
import type { DiscoveryOutcome } from '../privileged/verbs.js';
import { awaitPortal } from './await-portal.js';
import type { HostContext } from './host-context.js';
import { hostStep } from './step.js';

/**
 * Asks a portal where the wanted target can be reached. Other targets it names are never touched, and
 * nothing of the answer is written into open-iscsi's database (os-brick.md L11, L12).
 *
 * @throws TargetNotFound - permanent: the portal does not serve the target
 * @throws LoginRefused - permanent: it wants other credentials for a discovery
 * @throws PortalUnreachable, CommandTimedOut - passing
 */
export function discoverPathsStep(host: HostContext): HostSteps['discoverPaths'] {
  return hostStep(host, discoverPathsInputSchema, async ({ input, signal }) => {
    const { portal, iqn, iface, chap, mutualChap, portalWaitMs } = input;
    await awaitPortal(host, { path: input, timeoutMs: portalWaitMs }, signal);
    const outcome = await host.verbs.discoverPortals({
      portal,
      iface,
      ...(chap === undefined ? {} : { chap }),
      ...(mutualChap === undefined ? {} : { mutualChap }),
    });
    if (outcome.kind !== 'found') throw discoveryFailure(outcome, input);
    const ours = outcome.targets.filter(
      (target) => targetNameKey(target.iqn) === targetNameKey(iqn),
    );
    const portals = [...new Set(ours.map((target) => target.portal))];
    const others = new Set(outcome.targets.map((target) => targetNameKey(target.iqn)));
    others.delete(targetNameKey(iqn));
    if (portals.length === 0) {
      throw createFailure(
        'TargetNotFound',
        `${portal} names ${others.size} targets, and ${iqn} is none of them`,
        { portal, iqn, targets: others.size },
      );
    }
    return { portals: portals.slice(0, FIXED_BOUNDS.pathsMax), otherTargets: others.size };
  });
}

type FailedDiscovery = Exclude<DiscoveryOutcome, { kind: 'found' }>;

const DISCOVERY_FAILURES: Readonly<Record<FailedDiscovery['kind'], FailureType>> = {
  refused: 'LoginRefused',
  'no-target': 'TargetNotFound',
  unreachable: 'PortalUnreachable',
  'not-ready': 'HostNotReady',
  trouble: 'PortalUnreachable',
  overran: 'CommandTimedOut',
};

function discoveryFailure(
  outcome: FailedDiscovery,
  { portal, iqn }: Pick<DiscoverPathsInput, 'portal' | 'iqn'>,
): Error {
  const exit = outcome.exitCode === undefined ? '' : ` (iscsiadm exit ${outcome.exitCode})`;
  return createFailure(
    DISCOVERY_FAILURES[outcome.kind],
    `Discovery of ${iqn} at ${portal} ended as ${outcome.kind}${exit}` +
      (outcome.said === '' ? '' : `: ${outcome.said}`),
    { portal, iqn, outcome: outcome.kind, exitCode: outcome.exitCode },
  );
}
