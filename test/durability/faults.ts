import type { Boundary } from '../../src/simulator/boundaries.js';
import { eventually } from '../support/eventually.js';
import type { Asker } from './asker.js';
import type { Lane } from './lane.js';
import { askDetach, type End, type OperationUnderTest } from './operations.js';
import type { RunBook } from './run-book.js';
import type { Stage } from './stage.js';

/** A step that stands still, and everything that can be done to it. */
export interface Stopped {
  readonly stage: Stage;
  readonly lane: Lane;
  readonly book: RunBook;
  readonly asker: Asker;
  readonly step: string;
  /** The call it stands in; released, the call takes effect even if nobody waits for it any more. */
  readonly call: Boundary;
  /** What is done to all lanes at once is done when all have come. */
  readonly together: (strike: () => Promise<void>) => Promise<void>;
}

/** Something that dies, or is asked for, while a step is under way. */
export interface FaultUnderTest {
  readonly name: string;
  readonly what: string;
  /** Where the step stands: before its first effect, on its way, after its last effect. */
  readonly place: 'begin' | 'middle' | 'end';
  /** Instead of `end` for a step that has no effect; without it the fault says nothing new there. */
  readonly otherwise?: 'middle';
  /** It befalls every lane at once. */
  readonly isShared?: boolean;
  readonly isBoot?: boolean;
  /** Does not concern an operation that nobody asked for. */
  readonly needsCaller?: boolean;
  /** Where the volume may end. */
  end(operation: OperationUnderTest): End | 'either';
  /** What a caller may hear instead of success. */
  readonly mayFailWith?: readonly string[];
  strike(stopped: Stopped): Promise<void>;
}

/** The server gives a silent step up after 5 s. */
const GIVEN_UP_MS = 180_000;
const WAITING_MS = 60_000;

export const FAULTS: readonly FaultUnderTest[] = [
  {
    name: 'worker-before',
    what: 'the host worker is killed when it has taken the step and done nothing',
    place: 'begin',
    end: ({ end }) => end,
    strike: killWorker,
  },
  {
    name: 'worker-middle',
    what: 'the host worker is killed in the middle of the step; what it began goes on without it',
    place: 'middle',
    end: ({ end }) => end,
    strike: killWorker,
  },
  {
    name: 'worker-after',
    what: 'the host worker is killed when the step has done everything and not answered',
    place: 'end',
    end: ({ end }) => end,
    strike: killWorker,
  },
  {
    name: 'answer-lost',
    what: 'the host worker stands still until the server gives the step up, and then goes on: the step runs twice, at the same time',
    place: 'end',
    otherwise: 'middle',
    end: ({ end }) => end,
    async strike({ lane, book, step, call }) {
      const before = await book.givenUp(step);
      lane.freezeWorker();
      call.release();
      await eventually(
        async () => {
          if ((await book.givenUp(step)) === before) throw new Error(`${step} is not given up`);
        },
        { withinMs: GIVEN_UP_MS },
      );
      lane.thawWorker();
    },
  },
  {
    name: 'control',
    what: 'the control worker is killed, and another started, while the step goes on',
    place: 'middle',
    isShared: true,
    end: ({ end }) => end,
    async strike({ stage, call, together }) {
      await together(() => stage.killControl());
      call.release();
      await together(() => stage.startControl());
    },
  },
  {
    name: 'server',
    what: 'the Temporal server is stopped, and started again, while the step goes on',
    place: 'middle',
    isShared: true,
    end: ({ end }) => end,
    async strike({ stage, call, together }) {
      await together(() => stage.stopServer());
      call.release();
      await together(() => stage.startServer());
    },
  },
  {
    name: 'client',
    what: 'the caller is gone, and asks again with the same request id',
    place: 'middle',
    needsCaller: true,
    end: ({ end }) => end,
    async strike({ asker, call }) {
      await asker.dieAndComeBack();
      call.release();
    },
  },
  {
    name: 'cancel',
    what: 'the workflow is cancelled',
    place: 'middle',
    end: () => 'absent',
    mayFailWith: ['Cancelled'],
    async strike({ book, call }) {
      await book.cancel();
      call.release();
    },
  },
  {
    name: 'detach',
    what: 'a detach is sent',
    place: 'middle',
    end: () => 'absent',
    mayFailWith: ['Cancelled'],
    async strike({ lane, asker, call }) {
      await askDetach(lane, asker).untilTaken();
      call.release();
    },
  },
  {
    name: 'reboot',
    what: 'the host loses its power, and comes up again',
    place: 'middle',
    isBoot: true,
    // An attach may go on from the login, or be undone; either is right.
    end: ({ name, end }) => (name === 'attach' ? 'either' : end),
    mayFailWith: ['PortalUnreachable', 'LunNotFound', 'MapNotFormed', 'HostNotReady'],
    async strike({ lane, call }) {
      await lane.killWorker();
      await lane.host.control.reboot();
      call.release({ dropped: true });
      await lane.startWorker();
    },
  },
];

/** Whoever asks meanwhile can see that the host is waited for. */
async function killWorker({ lane, book, step, call }: Stopped): Promise<void> {
  await lane.killWorker();
  call.release();
  await eventually(
    async () => {
      const { pending } = await book.look();
      if (pending.length === 0) throw new Error(`${step} is gone and nobody waits for the host`);
    },
    { withinMs: WAITING_MS },
  );
  await lane.startWorker();
}
