import type { Guest } from '../../lab/guest.js';
import { timed, type Contender, type Wanted } from './contender.js';

const SCRIPT_TIMEOUT_MS = 300_000;
const LOGIN_TIMEOUT_S = 10;

/**
 * The floor: a shell script that does the same with nothing but the tools, everything in parallel that
 * can be, and knows beforehand what mooring finds out: names, numbers, that nobody else is there.
 */
export class BareTools implements Contender {
  private readonly guest: Guest;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** Returns when each map has all its paths and its link. */
  attach(wanted: Wanted): Promise<number> {
    const { portals, volumes } = wanted;
    const maps = volumes.map(({ wwid }) => `bring_up_map ${wwid} ${String(portals.length)} &`);
    return this.run(`
      ${attachFunctions(wanted)}
      ${portals.map((portal) => `bring_up_path ${portal} &`).join('\n')}
      join
      ${maps.join('\n')}
      join`);
  }

  /** Returns when maps, devices, sessions and records are gone. */
  detach(wanted: Wanted): Promise<number> {
    const { portals, volumes } = wanted;
    return this.run(`
      ${detachFunctions(wanted)}
      ${volumes.map(({ wwid }) => `take_down_map ${wwid} &`).join('\n')}
      join
      ${portals.map((portal) => `log_out ${portal} &`).join('\n')}
      join
      # One after the other: two at once stumble over each other and say that they failed.
      ${portals.map((portal) => `iscsiadm -m node -T ${wanted.iqn} -p ${portal} -o delete`).join('\n')}`);
  }

  private run(body: string): Promise<number> {
    const script = `${JOIN}\n${body}`;
    return timed(() => this.guest.script(script, { timeoutMs: SCRIPT_TIMEOUT_MS }));
  }
}

/** Waits for all that runs in the background; fails when one of them has. */
const JOIN = `
  join() {
    local job
    for job in $(jobs -p); do wait $job; done
  }`;

/** The settings of a record are those mooring makes. */
function attachFunctions({ iqn, volumes }: Wanted): string {
  const settings = {
    'node.startup': 'manual',
    'node.conn[0].startup': 'manual',
    'node.session.scan': 'manual',
    'node.session.initial_login_retry_max': '1',
    'node.conn[0].timeo.login_timeout': String(LOGIN_TIMEOUT_S),
    'node.conn[0].timeo.logout_timeout': '2',
  };
  const updates = Object.entries(settings).map(([name, value]) => `-n ${name} -v ${value}`);
  const scans = volumes.map(({ lun }) => `echo '0 0 ${String(lun)}' > $scan`);
  return `
    bring_up_path() {
      local session scan
      iscsiadm -m node -T ${iqn} -p $1 -I default -o new > /dev/null
      iscsiadm -m node -T ${iqn} -p $1 -o update ${updates.join(' ')}
      iscsiadm -m node -T ${iqn} -p $1 --login > /dev/null
      for session in /sys/class/iscsi_session/session*; do
        [ "$(cat /sys/class/iscsi_connection/connection\${session##*session}:0/persistent_address)" = \${1%:*} ] || continue
        scan=/sys/class/scsi_host/$(readlink -f $session/device | grep -o 'host[0-9]*' | head -n 1)/scan
        ${scans.join('\n')}
      done
    }
    bring_up_map() {
      local map link=/dev/disk/by-id/dm-uuid-mpath-$1
      until [ "$(multipathd add map $1 2>&1)" = ok ]; do sleep 0.05; done
      until [ -e $link ]; do sleep 0.02; done
      map=$(basename $(readlink -f $link))
      until [ $(ls /sys/block/$map/slaves | wc -l) = $2 ]; do sleep 0.02; done
    }`;
}

function detachFunctions({ iqn }: Wanted): string {
  return `
    take_down_map() {
      local path paths link=/dev/disk/by-id/dm-uuid-mpath-$1
      paths=$(ls /sys/block/$(basename $(readlink -f $link))/slaves)
      blockdev --flushbufs $link
      # udev may still look at it.
      until multipath -f $1 2> /dev/null; do sleep 0.1; done
      for path in $paths; do echo 1 > /sys/block/$path/device/delete; done
      multipath -w $1 > /dev/null
    }
    log_out() {
      iscsiadm -m node -T ${iqn} -p $1 --logout > /dev/null 2>&1
    }`;
}
