import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createHostActivities } from '../../src/activities/host-activities.js';
import type { HostSteps } from '../../src/model/steps.js';
import { createVerbs } from '../../src/privileged/create-verbs.js';
import type { SecretStore } from '../../src/privileged/secrets.js';
import type { PrivilegedVerbs } from '../../src/privileged/verbs.js';
import { createSimulatedHost, type SimulatedHost } from '../../src/simulator/simulated-host.js';
import type { StorageArray } from '../../src/simulator/storage-array.js';

const QUIET = new DefaultLogger('ERROR');
/** Simulated time passes fifty times as fast. */
const TIME_SCALE = 0.02;

/** The steps of one simulated host, each run as an activity. */
export interface StepsUnderTest {
  readonly simulated: SimulatedHost;
  readonly verbs: PrivilegedVerbs;
  readonly steps: HostSteps;
  /** Starts a step that can be called off, as the workflow does. */
  readonly start: (name: keyof HostSteps, input: unknown) => StartedStep;
}

export interface StartedStep {
  readonly done: Promise<unknown>;
  readonly cancel: () => void;
}

/** A host in front of an array, with the real verbs and steps over it. */
export function stepsUnderTest(options: {
  readonly hostId: string;
  readonly array: StorageArray;
  readonly secrets: SecretStore;
}): StepsUnderTest {
  const { hostId, array, secrets } = options;
  const simulated = createSimulatedHost({ hostId, array, timeScale: TIME_SCALE });
  const { runner, files, writer, network } = simulated;
  const verbs = createVerbs({ runner, files, writer, secrets });
  const activities = createHostActivities({ hostId, files, runFiles: writer, network, verbs });
  const start = (name: keyof HostSteps, input: unknown): StartedStep => {
    const environment = new MockActivityEnvironment(undefined, { logger: QUIET });
    const step = (given: unknown): Promise<unknown> => activities[name](given as never);
    return {
      done: environment.run(step, input),
      cancel: () => {
        environment.cancel('CANCELLED');
      },
    };
  };
  return { simulated, verbs, steps: inActivity(activities), start };
}

/** Each step in an activity of its own, as a worker runs it. */
function inActivity(activities: HostSteps): HostSteps {
  const wrapped = Object.entries(activities).map(([name, step]) => [
    name,
    (input: unknown) =>
      new MockActivityEnvironment(undefined, { logger: QUIET }).run(
        step as (input: unknown) => Promise<unknown>,
        input,
      ),
  ]);
  return Object.fromEntries(wrapped) as HostSteps;
}
