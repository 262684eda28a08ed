import { DETACH_SCENARIOS } from './run-scenarios.js';
import { testOnSimulator } from './test-on-simulator.js';

testOnSimulator(DETACH_SCENARIOS);
