import type { Guest } from '../guest.js';
import { CHAP_USER, MARKER_SECRET } from '../../test/torture/secrets.js';
import { BESIDE_INDEX, kernelWwid, OWN_INDEX, udevWwid } from '../../test/torture/wwids.js';
import { IQN, LUNS, OFFICE_IQN, OFFICE_PORTAL, PORTALS } from './fault-array.js';

/** Portal of our target to which the administrator has a session. */
const SHARED_PORTAL = PORTALS[0] ?? '';
const SETTLE_IN_MS = 120_000;

/**
 * Somebody else who works on the host by hand: a session with a map that comes back at each boot, and
 * a session to one of our portals with a device of their own on it.
 *
 * Before the stand-ins come: a secret is in these command lines, as administrators have it.
 */
export async function settleAdministrator(guest: Guest): Promise<void> {
  const own = `-m node -T ${OFFICE_IQN} -p ${OFFICE_PORTAL} -I default`;
  const shared = `-m node -T ${IQN} -p ${SHARED_PORTAL} -I default`;
  const settings = [
    ['node.session.scan', 'manual'],
    ['node.session.auth.authmethod', 'CHAP'],
    ['node.session.auth.username', CHAP_USER],
    ['node.session.auth.password', MARKER_SECRET],
  ].map(([name = '', value = '']) => `-n ${name} -v ${value}`);
  await guest.script(
    `
    iscsiadm ${own} -o new > /dev/null
    iscsiadm ${own} -o update -n node.startup -v automatic
    iscsiadm ${own} --login > /dev/null
    iscsiadm ${shared} -o new > /dev/null
    iscsiadm ${shared} -o update ${settings.join(' ')}
    iscsiadm ${shared} --login > /dev/null
    for session in /sys/class/iscsi_session/session*; do
      [ "$(cat $session/targetname)" = ${IQN} ] || continue
      host=$(readlink -f $session/device | grep -o 'host[0-9]*' | head -n 1)
      echo '0 0 ${String(LUNS.administrators)}' > /sys/class/scsi_host/$host/scan
    done
    grep -q ${kernelWwid(BESIDE_INDEX)} /sys/class/scsi_device/*/device/wwid
    until grep -qs ${kernelWwid(OWN_INDEX)} /sys/class/scsi_device/*/device/wwid; do sleep 0.1; done
    until multipathd add map ${udevWwid(OWN_INDEX)} > /dev/null; do sleep 0.1; done
    udevadm settle`,
    { timeoutMs: SETTLE_IN_MS },
  );
}
