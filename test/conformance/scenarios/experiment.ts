import { expect } from 'vitest';
import { eventually } from '../../support/eventually.js';
import type { HostState, HostUnderTest } from '../host-under-test.js';

/** What udev and multipathd still have to do when an experiment is over. */
const SETTLE_MS = 20_000;

/**
 * Runs an experiment that changes more than mooring does; afterwards everything is put back, and the
 * host must be as it was found.
 */
export async function asFound(
  host: HostUnderTest,
  experiment: (before: HostState) => Promise<void>,
): Promise<void> {
  const before = await host.hostState();
  try {
    await experiment(before);
  } finally {
    await host.reset();
  }
  await eventually(
    async () => {
      expect(await host.hostState()).toEqual(before);
    },
    { withinMs: SETTLE_MS },
  );
}

/** Waits until mooring has logged in to so many portals. */
export async function untilLoggedIn(host: HostUnderTest, sessions: number): Promise<HostState> {
  return eventually(
    async () => {
      const state = await host.hostState();
      expect(state.sessions.map((each) => each.state)).toEqual(
        new Array(sessions).fill('LOGGED_IN'),
      );
      return state;
    },
    { withinMs: 30_000 },
  );
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to fail, and succeeded');
}
