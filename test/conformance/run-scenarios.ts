import { test } from 'vitest';
import { CannotRunHere, type HostUnderTest } from './host-under-test.js';
import type { Scenario } from './scenario.js';
import { appearingScenarios } from './scenarios/appearing.js';
import { conditionScenarios } from './scenarios/condition.js';
import { credentialScenarios } from './scenarios/credentials.js';
import { detachScenarios } from './scenarios/detach.js';
import { discoveryScenarios } from './scenarios/discovery.js';
import { forceScenarios } from './scenarios/force.js';
import { gateScenarios } from './scenarios/gates.js';
import { identityScenarios } from './scenarios/identity.js';
import { lostSightScenarios } from './scenarios/lost-sight.js';
import { multipathScenarios } from './scenarios/multipath.js';
import { namesScenarios } from './scenarios/names.js';
import { rebootScenarios } from './scenarios/reboot.js';
import { removalScenarios } from './scenarios/removal.js';
import { severalSessionsScenarios } from './scenarios/several-sessions.js';
import { sharingScenarios } from './scenarios/sharing.js';
import { singlePathScenarios } from './scenarios/single-path.js';
import { toolScenarios } from './scenarios/tools.js';
import { undoingScenarios } from './scenarios/undoing.js';

/** How a volume comes. */
export const ATTACH_SCENARIOS: readonly Scenario[] = [
  ...singlePathScenarios,
  ...multipathScenarios,
  ...namesScenarios,
  ...credentialScenarios,
  ...discoveryScenarios,
  ...appearingScenarios,
  ...identityScenarios,
  ...conditionScenarios,
  ...sharingScenarios,
  ...toolScenarios,
  ...undoingScenarios,
];

/** How it goes, and what happens in between. */
export const DETACH_SCENARIOS: readonly Scenario[] = [
  ...detachScenarios,
  ...removalScenarios,
  ...severalSessionsScenarios,
  ...lostSightScenarios,
  ...forceScenarios,
  ...gateScenarios,
  ...rebootScenarios,
];

/** Every scenario, whatever the host. */
export const SCENARIOS: readonly Scenario[] = [...ATTACH_SCENARIOS, ...DETACH_SCENARIOS];

/** `B-20 [L7] a login …` */
export function titleOf({ id, limits = [], claim }: Scenario): string {
  return [id, ...(limits.length === 0 ? [] : [`[${limits.join(', ')}]`]), claim].join(' ');
}

/**
 * Declares one test per scenario on a host that is there when they run. One that cannot run on the
 * host is skipped, with the reason as its note.
 */
export function testScenarios(
  host: () => HostUnderTest,
  timeoutMs: number,
  scenarios: readonly Scenario[] = SCENARIOS,
): void {
  for (const scenario of scenarios) {
    test(
      titleOf(scenario),
      async ({ skip }) => {
        try {
          await scenario.run(host());
        } catch (error) {
          if (!(error instanceof CannotRunHere)) throw error;
          skip(error.message);
        }
      },
      timeoutMs,
    );
  }
}
