import { describe } from 'vitest';
import { testScenarios } from '../test/conformance/run-scenarios.js';
import { useRealHost } from './use-real-host.js';

/** Several times what the longest takes on two idle cores. */
const SCENARIO_TIMEOUT_MS = 300_000;

describe('a real Linux host', () => {
  testScenarios(useRealHost(), SCENARIO_TIMEOUT_MS);
});
