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

/** What a session is looked for by; with `iface`, only those made with it. */
type WantedSession = SessionEnd & { readonly iface?: string };

/**
 * The iSCSI sessions of this host: all, or those to one of the wanted ends. One that comes or goes
 * while it is read is left out.
 *
 * @throws MalformedFact, or what the file tree threw: unreadable is unknown, not absent
 */
export async function readSessions(
  files: FileTree,
  wanted?: readonly WantedSession[],
): Promise<readonly PlacedSession[]> {
  const sids = await listSids(files);
  const sessions = await Promise.all(sids.map((sid) => readSession(files, sid, wanted)));
  return sessions.filter((session) => session !== undefined);
}

/** The sessions to one portal and target. */
export async function findSessions(
  files: FileTree,
  end: WantedSession,
): Promise<readonly PlacedSession[]> {
  return readSessions(files, [end]);
}

/** Where each session of this host lies; reads nothing else of them. */
export async function placeSessions(
  files: FileTree,
): Promise<readonly Pick<PlacedSession, 'sid' | 'scsiHost'>[]> {
  const sids = await listSids(files);
  const places = await Promise.all(
    sids.map(async (sid) => {
      const real = await ifPresent(files.realPath(sessionPath(sid)));
      return real === undefined ? undefined : { sid, scsiHost: placeOf(sid, real).scsiHost };
    }),
  );
  return places.filter((place) => place !== undefined);
}

/** Whether a session works now; one that has gone does not. */
export async function isLoggedIn(files: FileTree, sid: number): Promise<boolean> {
  const state = await ifPresent(files.readText(`${sessionPath(sid)}/state`));
  return state?.trim() === 'LOGGED_IN';
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
  return (await ifPresent(files.realPath(sessionPath(sid)))) !== undefined;
}

/**
 * One session by its number; `undefined` when it is not, or no longer, there, or to nobody wanted.
 * Name, then portal, then the rest: a host has many sessions to others, and every read costs.
 */
export async function readSession(
  files: FileTree,
  sid: number,
  wanted?: readonly WantedSession[],
): Promise<PlacedSession | undefined> {
  const path = sessionPath(sid);
  const targetIqn = await readWord(files, `${path}/targetname`);
  if (targetIqn === undefined) return undefined;
  const ofTarget = wanted?.filter(({ iqn }) => targetNameKey(iqn) === targetNameKey(targetIqn));
  if (ofTarget?.length === 0) return undefined;
  const portal = await readPortal(files, sid);
  if (portal === undefined) return undefined;
  const ofPortal = ofTarget?.filter((end) => normalisePortal(end.portal) === portal);
  if (ofPortal?.length === 0) return undefined;
  const rest = await ifPresent(
    Promise.all([
      files.realPath(path),
      files.readText(`${path}/ifacename`),
      files.readText(`${path}/state`),
    ]),
  );
  if (rest === undefined) return undefined;
  const [real, ifaceName, state] = rest;
  // Sessions made without an iface record say nothing, or `(null)`.
  const iface = setWord(ifaceName) ?? 'default';
  const session = {
    sid,
    ...placeOf(sid, real),
    targetIqn,
    portal,
    iface,
    state: state.trim(),
  };
  const isWanted = ofPortal === undefined || ofPortal.some((end) => isSessionTo(session, end));
  return isWanted ? session : undefined;
}

async function listSids(files: FileTree): Promise<number[]> {
  // Absent while the module scsi_transport_iscsi is not loaded: then there can be no session.
  const names = (await ifPresent(files.list(SESSIONS))) ?? [];
  return names.flatMap((name) => {
    const sid = /^session(\d+)$/.exec(name)?.[1];
    return sid === undefined ? [] : [Number(sid)];
  });
}

function sessionPath(sid: number): string {
  return `${SESSIONS}/session${sid}`;
}

function placeOf(sid: number, real: string): Pick<PlacedSession, 'scsiHost' | 'directory'> {
  const [, directory, scsiHost] = /^(.*\/host(\d+)\/session\d+)(?:\/|$)/.exec(real) ?? [];
  if (directory === undefined) {
    throw new MalformedFact(sessionPath(sid), `lies at ${real}, below no SCSI host`);
  }
  return { scsiHost: Number(scsiHost), directory };
}

/** The portal the session was asked for; `undefined` as long as it is to nobody. */
async function readPortal(files: FileTree, sid: number): Promise<string | undefined> {
  // Each session of a node record has the one connection number 0.
  const connection = `${CONNECTIONS}/connection${sid}:0`;
  const [address, port] = await Promise.all([
    readWord(files, `${connection}/persistent_address`),
    readWord(files, `${connection}/persistent_port`),
  ]);
  if (address === undefined || port === undefined) return undefined;
  if (!/^\d+$/.test(port)) throw new MalformedFact(`${connection}/persistent_port`, 'is no number');
  return formatPortal({ address: canonicalAddress(address), port: Number(port) });
}

async function readWord(files: FileTree, path: string): Promise<string | undefined> {
  const text = await ifPresent(files.readText(path));
  return text === undefined ? undefined : setWord(text);
}

/** The kernel shows names and addresses before iscsid has set them. */
function setWord(text: string): string | undefined {
  const word = text.trim();
  return word === '' || word === '(null)' ? undefined : word;
}
