import type { Guest } from '../guest.js';
import { GENUINE } from '../genuine-tools.js';
import { PROGRAMS, type Call, type Place, type Program } from './place.js';

/** Rules, the fifos of places, and every command line. */
const STATE = '/run/lab-faults';
const RULES = `${STATE}/rules`;
const COMMAND_LINES = `${STATE}/command-lines`;
/** Nothing of it takes longer on a busy machine, or it does not happen. */
const REACHED_MS = 180_000;
/** Whoever stood at the place may have been killed there. */
const RELEASE_SECONDS = 5;

/** A program that stands still. */
export interface Stop {
  /** Whether somebody has come; it fails when nobody does. */
  readonly reached: Promise<void>;
  /** Lets it go on. Whoever waited for it may have died: it has its effect all the same. */
  release(): Promise<void>;
}

/** How a program misbehaves. */
export interface Misbehaviour {
  readonly call: Call;
  /** `lies`: it does its work first. */
  readonly how: 'fails' | 'lies';
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** How many runs. */
  readonly times: number;
}

/**
 * Scripts in the places of the guest's tools, from begin to end: they note every command line, stop
 * where they are told, misbehave as they are told, and otherwise run the genuine tool.
 */
export class StandIns {
  private readonly guest: Guest;
  private readonly stops = new Set<Stop>();
  private made = 0;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async install(): Promise<void> {
    await this.guest.script(`mkdir -p ${RULES}; : > ${COMMAND_LINES}`);
    for (const program of Object.keys(PROGRAMS) as Program[]) {
      const place = placeOf(program);
      await this.guest.script(
        `mkdir -p ${GENUINE}; [ -e ${GENUINE}/${program} ] || mv ${place} ${GENUINE}/`,
      );
      await this.guest.writeFile(place, standIn(program), { mode: 0o755 });
    }
    // A power cut must not take the tools away.
    await this.guest.script('sync');
  }

  /** The first program that comes to the place stands still there, and only the first. */
  async stopAt(place: Place): Promise<Stop> {
    const id = this.nextId();
    const [here, go] = [`${STATE}/${id}.here`, `${STATE}/${id}.go`];
    await this.guest.script(`mkfifo ${here} ${go}`);
    const work = ['genuine "$@"', 'code=$?'];
    const wait = [`echo here > ${here}`, `read -r _ < ${go}`];
    const steps = place.side === 'before' ? [...wait, ...work] : [...work, ...wait];
    await this.addRule(id, place, 1, [...steps, 'exit $code']);
    const stop: Stop = {
      reached: this.readFrom(here, place),
      release: async () => {
        this.stops.delete(stop);
        await this.guest.run(['timeout', String(RELEASE_SECONDS), 'sh', '-c', `echo go > ${go}`]);
      },
    };
    // Whoever waits hears of it.
    stop.reached.catch(() => undefined);
    this.stops.add(stop);
    return stop;
  }

  async misbehave(fault: Misbehaviour): Promise<void> {
    const { call, how, exitCode, stdout = '', stderr = '', times } = fault;
    await this.addRule(this.nextId(), call, times, [
      ...(how === 'lies' ? ['genuine "$@" > /dev/null 2>&1'] : []),
      `printf %s ${quoted(stdout)}`,
      `printf %s ${quoted(stderr)} >&2`,
      `exit ${String(exitCode)}`,
    ]);
  }

  /** Nobody is stopped any more, nothing misbehaves; who stands still goes on. */
  async clear(): Promise<void> {
    await this.guest.script(`rm -f ${RULES}/*`);
    await Promise.all([...this.stops].map((stop) => stop.release()));
    await this.guest.script(`rm -rf ${STATE}/*.here ${STATE}/*.go ${STATE}/*.run-*`);
  }

  /** Every command line since the last call. */
  async takeCommandLines(): Promise<string> {
    const lines = await this.guest.readFile(COMMAND_LINES);
    await this.guest.script(`: > ${COMMAND_LINES}`);
    return lines;
  }

  private nextId(): string {
    this.made += 1;
    return String(this.made);
  }

  private async addRule(id: string, call: Call, times: number, then: readonly string[]) {
    const pattern = call.with.map((text) => `*${quoted(text)}`).join('');
    // A trailing blank in a text also ends the last argument.
    const rule = `if [[ $program == ${call.program} && "$* " == ${pattern}* ]] && is_due ${id} ${String(times)}; then
  ${then.join('\n  ')}
fi
`;
    await this.guest.writeFile(`${RULES}/${id.padStart(6, '0')}`, rule);
  }

  private async readFrom(fifo: string, { program, with: texts, side }: Place): Promise<void> {
    const { stdout } = await this.guest.run(['cat', fifo], { timeoutMs: REACHED_MS });
    if (stdout !== '') return;
    throw new Error(`nobody came to ${side} ${program} ${texts.join(' ... ')}`);
  }
}

function standIn(program: Program): string {
  return `#!/bin/bash
program=${program}
printf '%s %s\\n' "$program" "$*" 2> /dev/null >> ${COMMAND_LINES}
genuine() { ${GENUINE}/${program} "$@"; }
# is_due RULE TIMES: whether this run is one of the first so many; a directory is made once only.
is_due() {
  local run
  for ((run = 1; run <= $2; run += 1)); do
    ! mkdir ${STATE}/$1.run-$run 2> /dev/null || return 0
  done
  return 1
}
for rule in ${RULES}/*[0-9]; do
  [[ ! -e $rule ]] || . "$rule"
done
exec -a "$0" ${GENUINE}/${program} "$@"
`;
}

function placeOf(program: Program): string {
  return `${PROGRAMS[program]}/${program}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(`'`, `'\\''`)}'`;
}
