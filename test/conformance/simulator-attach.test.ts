import { ATTACH_SCENARIOS } from './run-scenarios.js';
import { testOnSimulator } from './test-on-simulator.js';

testOnSimulator(ATTACH_SCENARIOS);
