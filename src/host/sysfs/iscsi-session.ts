import { canonicalAddress, formatPortal, normalisePortal } from '../../contract/portal.js';
import type { SessionEnd } from '../../contract/path-key.js';
import { targetNameKey } from '../../contract/target-name.js';
import type { SessionFact } from '../facts.js';
import { ifPresent, type FileTree } from '../file-tree.js';
import { MalformedFact } from '../malformed-fact.js';

const SESSIONS = '/sys/class/iscsi_session';
const CONNECTIONS = '/sys/class/iscsi_connection';

/** A session with the place of its devices. */
export interface PlacedSession extends SessionFact {
  /** `/sys/devices/platform/host2/session1` */
  readonly directory: string;
}

/**
 * All iSCSI sessions of this host. One that comes or goes while it is read is left out.
 *
 * @throws MalformedFact, or what the file tree threw: unreadable is unknown, not absent
 */
export async function readSessions(files: FileTree): Promise<readonly PlacedSession[]> {
  // Absent while the module scsi_transport_iscsi is not loaded: then there can be no session.
  const names = (await ifPresent(files.list(SESSIONS))) ?? [];
  const sids = names.flatMap((name) => {
    const sid = /^session(\d+)$/.exec(name)?.[1];
    return sid === undefined ? [] : [Number(sid)];
  });
  const sessions = await Promise.all(sids.map((sid) => readSession(files, sid)));
  return sessions.filter((session) => session !== undefined);
}

/** The sessions to one portal and target; with `iface`, only those made with it. */
export async function findSessions(
  files: FileTree,
  end: SessionEnd & { readonly iface?: string },
): Promise<readonly PlacedSession[]> {
  const sessions = await readSessions(files);
  return sessions.filter((session) => isSessionTo(session, end));
}

/** Whether a session is the one for this portal and target, and this iface if one is named. */
export function isSessionTo(
  session: SessionFact,
  end: SessionEnd & { readonly iface?: string },
): boolean {
  return (
    targetNameKey(session.targetIqn) === targetNameKey(end.iqn) &&
    session.portal === normalisePortal(end.portal) &&
    (end.iface === undefined || session.iface === end.iface)
  );
}

/** Whether the kernel has a session of this number, be it to whom it may. */
export async function hasSession(files: FileTree, sid: number): Promise<boolean> {
  return (await ifPresent(files.realPath(`${SESSIONS}/session${sid}`))) !== undefined;
}

/** One session by its number; `undefined` when it is not, or no longer, there. */
export async function readSession(
  files: FileTree,
  sid: number,
): Promise<PlacedSession | undefined> {
  const path = `${SESSIONS}/session${sid}`;
  // Each session of a node record has the one connection number 0.
  const connection = `${CONNECTIONS}/connection${sid}:0`;
  const texts = await ifPresent(
    Promise.all([
      files.realPath(path),
      files.readText(`${path}/targetname`),
      files.readText(`${path}/ifacename`),
      files.readText(`${path}/state`),
      files.readText(`${connection}/persistent_address`),
      files.readText(`${connection}/persistent_port`),
    ]),
  );
  if (texts === undefined) return undefined;
  const [real, ...words] = texts;
  const [targetIqn, iface, state, address, port] = words.map((word) => word.trim());
  const place = /^(.*\/host(\d+)\/session\d+)(?:\/|$)/.exec(real);
  if (place?.[1] === undefined)
    throw new MalformedFact(path, `lies at ${real}, below no SCSI host`);
  // The kernel shows names and addresses before iscsid has set them: not a session to anything yet.
  if (!isSet(targetIqn) || !isSet(address) || !isSet(port)) return undefined;
  if (!/^\d+$/.test(port)) throw new MalformedFact(`${connection}/persistent_port`, 'is no number');
  return {
    sid,
    scsiHost: Number(place[2]),
    targetIqn,
    portal: formatPortal({ address: canonicalAddress(address), port: Number(port) }),
    // Sessions made without an iface record say nothing, or `(null)`.
    iface: isSet(iface) ? iface : 'default',
    state: state ?? '',
    directory: place[1],
  };
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text !== '(null)';
}
