import { test } from 'vitest';
import type { HostUnderTest } from './host-under-test.js';
import { attachScenarios } from './scenarios/attach.js';
import { detachScenarios } from './scenarios/detach.js';

/** Every scenario, whatever the host. */
const SCENARIOS = [...attachScenarios, ...detachScenarios];

/** Declares one test per scenario on a host that is there when they run. */
export function testScenarios(host: () => HostUnderTest, timeoutMs: number): void {
  for (const scenario of SCENARIOS) {
    test(
      `${scenario.id} ${scenario.claim}`,
      async () => {
        await scenario.run(host());
      },
      timeoutMs,
    );
  }
}
