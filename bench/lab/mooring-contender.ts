import { DEFAULT_GRACE, requestFor } from '../../test/conformance/host-under-test.js';
import type { RealHostUnderTest } from '../../lab/real-host-under-test.js';
import { timed, type Contender, type Wanted } from './contender.js';

/** A busy machine makes a bench long, not fail; an operation that comes to no end ends the bench. */
const DEADLINE_MS = 600_000;
const OPTIONS = { timeoutMs: DEADLINE_MS };

/** mooring, from the call of its client to the answer. */
export class MooringContender implements Contender {
  private readonly host: RealHostUnderTest;

  constructor(host: RealHostUnderTest) {
    this.host = host;
  }

  attach({ volumes, portals, awaitsAll }: Wanted): Promise<number> {
    const { host } = this;
    const { mooring } = host;
    const policy = { deadlineMs: DEADLINE_MS, ...(awaitsAll ? {} : DEFAULT_GRACE) };
    return timed(() =>
      allEnded(
        volumes.map((volume) =>
          mooring.attach(requestFor(host, volume, { policy }, portals), OPTIONS),
        ),
      ),
    );
  }

  detach({ volumes }: Wanted): Promise<number> {
    const { mooring, hostId } = this.host;
    return timed(() =>
      allEnded(volumes.map(({ volumeId }) => mooring.detach({ volumeId, hostId }, OPTIONS))),
    );
  }
}

/** Waits for all of them, also when one fails; then fails as the first one did. */
async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
