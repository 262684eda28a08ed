import type { ToolFault } from '../test/conformance/host-under-test.js';
import { GENUINE } from './genuine-tools.js';
import type { Guest } from './guest.js';

/** What the faults have used up, and which programs hang. Gone after a reboot, as the hanging are. */
const STATE = '/run/lab-faults';

/**
 * Tools of the guest that misbehave: a script in the place of the program, which runs the genuine one
 * next to it when no fault applies.
 */
export class ToolFaults {
  private readonly guest: Guest;
  private readonly faults = new Map<ToolFault['program'], ToolFault[]>();

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async begin(fault: ToolFault): Promise<void> {
    const { program } = fault;
    const faults = [...(this.faults.get(program) ?? []), fault];
    this.faults.set(program, faults);
    const place = placeOf(program);
    await this.guest.script(`
      mkdir -p ${STATE} ${GENUINE}
      [ -e ${genuine(program)} ] || mv ${place} ${genuine(program)}
      rm -f ${place}`);
    if (faults.some(({ how }) => how === 'missing')) return;
    await this.guest.writeFile(place, standIn(program, faults), { mode: 0o755 });
  }

  /** Every tool is itself again; what hangs is killed. */
  async end(): Promise<void> {
    if (this.faults.size === 0) return;
    const back = [...this.faults.keys()].map(
      (program) => `[ ! -e ${genuine(program)} ] || mv -f ${genuine(program)} ${placeOf(program)}`,
    );
    await this.guest.script(`
      ${back.join('\n')}
      for pid in $(cat ${STATE}/hanging 2> /dev/null || true); do
        [ "$(cat /proc/$pid/comm 2> /dev/null)" != sleep ] || kill -KILL $pid
      done
      rm -rf ${STATE}`);
    this.faults.clear();
  }
}

function standIn(program: ToolFault['program'], faults: readonly ToolFault[]): string {
  const cases = faults.map((fault, index) => {
    const { matching, times } = fault;
    const conditions = [
      ...(matching === undefined ? [] : [`[[ "$*" == *${quoted(matching)}* ]]`]),
      ...(times === undefined ? [] : [`is_due ${String(index)} ${String(times)}`]),
    ];
    return `if ${conditions.join(' && ') || 'true'}; then\n${actionOf(program, fault)}\nfi`;
  });
  return `#!/bin/bash
# is_due FAULT TIMES: whether this run is one of the first so many; a directory is made once only.
is_due() {
  local run
  for ((run = 1; run <= $2; run += 1)); do
    ! mkdir ${STATE}/$1-$run 2> /dev/null || return 0
  done
  return 1
}
${cases.join('\n')}
exec -a "$0" ${genuine(program)} "$@"
`;
}

function actionOf(program: ToolFault['program'], fault: ToolFault): string {
  const { how, exitCode = 0, stderr = '', ignoresTerm = false } = fault;
  const end = `printf %s ${quoted(stderr)} >&2\nexit ${String(exitCode)}`;
  if (how === 'hangs') {
    const deafness = ignoresTerm ? `trap '' TERM\n` : '';
    return `${deafness}echo $$ >> ${STATE}/hanging\nexec sleep infinity`;
  }
  return how === 'lies' ? `${genuine(program)} "$@" > /dev/null 2>&1\n${end}` : end;
}

function placeOf(program: ToolFault['program']): string {
  return program === 'sync' ? '/usr/bin/sync' : `/usr/sbin/${program}`;
}

function genuine(program: ToolFault['program']): string {
  return `${GENUINE}/${program}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(`'`, `'\\''`)}'`;
}
