import { afterAll, beforeAll, describe, inject } from 'vitest';
import { testScenarios } from './run-scenarios.js';
import type { Scenario } from './scenario.js';
import { SimulatedHostUnderTest } from './simulated-host-under-test.js';

/** The longest waits for a cleanup that fails, and then for its next try. */
const SCENARIO_TIMEOUT_MS = 240_000;
const START_TIMEOUT_MS = 180_000;

/** Declares one test per scenario on a simulated host of their own. */
export function testOnSimulator(scenarios: readonly Scenario[]): void {
  describe('the simulated host', () => {
    let host: SimulatedHostUnderTest | undefined;
    beforeAll(async () => {
      host = await SimulatedHostUnderTest.start(inject('temporalAddress'));
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await host?.stop();
    });

    testScenarios(
      () => {
        if (host === undefined) throw new Error('The host under test did not start');
        return host;
      },
      SCENARIO_TIMEOUT_MS,
      scenarios,
    );
  });
}
