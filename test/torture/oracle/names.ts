import type { Evidence } from '../evidence.js';
import { designator } from '../wwids.js';

/** Index of the volume with this WWID, in whichever form; `undefined` for one of somebody else. */
export function volumeOf({ plan }: Evidence, wwid: string | undefined): number | undefined {
  const index = plan.volumes.findIndex((_volume, each) => wwid?.endsWith(designator(each)));
  return index < 0 ? undefined : index;
}

/** Whether the array showed another volume in this one's place, or this one elsewhere, until then. */
export function wasReused({ reused }: Evidence, volume: number, untilMs = Infinity): boolean {
  return reused.some(
    ({ volume: replaced, by, atMs }) => (replaced === volume || by === volume) && atMs <= untilMs,
  );
}

/** Whether the host lost its memory in that time. */
export function wasBooted(
  { boots }: Evidence,
  hostId: string,
  fromMs: number,
  untilMs: number,
): boolean {
  return boots[hostId]?.some((atMs) => atMs >= fromMs && atMs <= untilMs) === true;
}

/** Whether an answer says that something was attached and is no more. */
export function hasDetached(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'wasAttached' in answer &&
    answer.wasAttached === true
  );
}
