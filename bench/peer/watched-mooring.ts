import type { Guest } from '../../lab/guest.js';
import { GUEST_WORKER } from '../../lab/guest-worker.js';
import { readProcessorMs } from '../report/process-figures.js';
import type { Contender, Wanted } from '../lab/contender.js';
import type { Interval } from './intervals.js';
import { readWork, type Work } from './worker-log.js';

/** One attach or detach, and what the host worker did meanwhile. */
export interface Watched {
  readonly name: string;
  readonly part: 'attach' | 'detach';
  /** From the client's call to the answer, by the guest's clock. */
  readonly window: Interval;
  readonly work: readonly Work[];
  /** Processor time of the host worker. */
  readonly cpuMs: number;
}

const CLOCK_LOOKS = 10;

/** mooring with an eye on its host worker, whose log must be one for debugging. */
export class WatchedMooring implements Contender {
  readonly watched: Watched[] = [];
  private readonly mooring: Contender;
  private readonly guest: Guest;
  private readonly worker: { readonly pid: number };
  /** What the guest's clock is ahead of ours, as `performance.now()` has it. */
  private readonly aheadMs: number;
  private attached: Omit<Watched, 'work'> | undefined;
  private linesSeen = 0;

  private constructor(
    mooring: Contender,
    guest: Guest,
    about: { readonly worker: { readonly pid: number }; readonly aheadMs: number },
  ) {
    this.mooring = mooring;
    this.guest = guest;
    this.worker = about.worker;
    this.aheadMs = about.aheadMs;
  }

  static async start(mooring: Contender, guest: Guest): Promise<WatchedMooring> {
    const worker = await guest.daemonState(GUEST_WORKER);
    const watched = new WatchedMooring(mooring, guest, {
      worker,
      aheadMs: await compareClocks(guest),
    });
    await watched.newLines();
    return watched;
  }

  async attach(wanted: Wanted): Promise<number> {
    this.attached = await this.watch('attach', wanted);
    return length(this.attached.window);
  }

  /** Lines are read at the end: what the attach did not wait for ends during the detach. */
  async detach(wanted: Wanted): Promise<number> {
    const detached = await this.watch('detach', wanted);
    const work = readWork(await this.newLines());
    if (this.attached !== undefined) this.watched.push({ ...this.attached, work });
    this.watched.push({ ...detached, work });
    return length(detached.window);
  }

  private async watch(part: Watched['part'], wanted: Wanted): Promise<Omit<Watched, 'work'>> {
    const cpuBefore = await this.cpuMs();
    const started = performance.now();
    const ms = await this.mooring[part](wanted);
    const from = started + this.aheadMs;
    const cpuMs = (await this.cpuMs()) - cpuBefore;
    return { name: wanted.name, part, window: { from, to: from + ms }, cpuMs };
  }

  private async cpuMs(): Promise<number> {
    const stat = await this.guest.readFile(`/proc/${String(this.worker.pid)}/stat`);
    return readProcessorMs(stat);
  }

  private async newLines(): Promise<string> {
    const log = this.guest.daemonLog(GUEST_WORKER);
    const lines = await this.guest.script(`tail -n +${String(this.linesSeen + 1)} ${log}`);
    this.linesSeen += lines.split('\n').length;
    return lines;
  }
}

export function length({ from, to }: Interval): number {
  return to - from;
}

/** The shortest of several looks is the best one: half of its way is the error. */
async function compareClocks(guest: Guest): Promise<number> {
  let best = { wayMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
  for (let look = 0; look < CLOCK_LOOKS; look += 1) {
    const before = performance.now();
    const seen = Number(await guest.script('date +%s%3N'));
    const wayMs = performance.now() - before;
    if (wayMs < best.wayMs) best = { wayMs, aheadMs: seen - (before + wayMs / 2) };
  }
  return best.aheadMs;
}
