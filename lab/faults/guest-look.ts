import { setTimeout as pause } from 'node:timers/promises';
import type { HostLook } from '../../test/torture/host-look.js';
import type { Guest } from '../guest.js';
import { takeHostState } from '../snapshot.js';

/** What mooring notes of records it found, and sources of a discovery; as the torture looks at them. */
const NOTES = '/etc/iscsi/mooring /etc/iscsi/send_targets';
const LOOK_AGAIN_MS = 300;
/** udev and multipathd end within seconds; a busy machine makes more of them. */
const SETTLE_MAX_MS = 30_000;

/** Everything of the guest that mooring could leave behind or break, in the oracle's form. */
export async function lookAt(guest: Guest): Promise<HostLook> {
  const [state, notes] = await Promise.all([
    takeHostState(guest),
    guest.script(`find ${NOTES} -type f 2> /dev/null | sort || true`),
  ]);
  const scsiDevices = state.scsiDevices.map(({ hctl, disk = '', wwid }) => ({
    hctl,
    disk,
    ...(wwid === undefined ? {} : { wwid }),
  }));
  return {
    snapshot: { ...state, scsiDevices, links: state.links.map(withoutChoice) },
    notes: notes.split('\n').filter((path) => path !== ''),
  };
}

/** The same, when nothing changes any more. */
export async function settledLook(guest: Guest): Promise<HostLook> {
  const end = performance.now() + SETTLE_MAX_MS;
  let latest = await lookAt(guest);
  for (;;) {
    await pause(LOOK_AGAIN_MS);
    const next = await lookAt(guest);
    if (JSON.stringify(next) === JSON.stringify(latest) || performance.now() > end) return next;
    latest = next;
  }
}

/** Of several paths any may have the link with the array's own name; udev chooses anew at each event. */
function withoutChoice<Link extends { readonly device: string }>(link: Link): Link {
  return link.device.startsWith('sd') ? { ...link, device: 'a path' } : link;
}
