import { createHash } from 'node:crypto';
import { sessionKey } from '../contract/path-key.js';
import { ifPresent, type FileTree } from '../host/file-tree.js';
import type { HostPath } from '../model/steps.js';
import type { FileWriter } from '../privileged/file-writer.js';

/** mooring's own notes. They vanish with the boot, exactly like the sessions they are about. */
const RUN_DIRECTORY = '/run/mooring';
const CLAIMS = `${RUN_DIRECTORY}/claims`;
const SESSIONS = `${RUN_DIRECTORY}/sessions`;
/** Who uses which volume: a claim once more, under a name by which a volume's claims are found. */
const VOLUMES = `${RUN_DIRECTORY}/volumes`;

/** "This attachment uses this session for this LUN." Written before the login. */
export interface Claim {
  readonly owner: string;
  readonly portal: string;
  readonly iqn: string;
  readonly iface: string;
  readonly lun: number;
  /**
   * Whether a device was there before this attachment first asked for its LUN. Absent: it never
   * asked. An undo removes only devices that were not there before.
   */
  readonly deviceExisted?: boolean;
  /** The volume the LUN leads to, in udev's form, once that is known. */
  readonly wwid?: string;
}

/** "mooring made this session." Outlives the claim of the attachment that did. */
export interface SessionNote {
  readonly portal: string;
  readonly iqn: string;
  readonly iface: string;
  readonly madeSession: boolean;
  /** The session whose logout was begun: it may end at any moment, so nobody may build on it. */
  readonly leaving?: number;
}

/**
 * Claims and session notes of this boot, one small file each, so that two steps never rewrite the
 * same file. Callers hold the session's lock.
 */
export class ClaimStore {
  private readonly files: FileTree;
  private readonly writer: FileWriter;

  constructor(files: FileTree, writer: FileWriter) {
    this.files = files;
    this.writer = writer;
  }

  async put(claim: Claim): Promise<void> {
    const { wwid, owner } = claim;
    if (wwid !== undefined) {
      await this.writer.replaceFile(volumePath(wwid, claim), json(claim), 0o600);
    }
    await this.writer.replaceFile(this.claimPath(claim, owner), json(claim), 0o600);
    if (wwid !== undefined) await this.forgetVolumes(claim, owner, { but: wwid });
  }

  /** This attachment's claim on a path; `undefined` when it has none. */
  async get(path: HostPath, owner: string): Promise<Claim | undefined> {
    const text = await ifPresent(this.files.readText(this.claimPath(path, owner)));
    return text === undefined ? undefined : (JSON.parse(text) as Claim);
  }

  /** Everybody's claims on a session. */
  async all(path: HostPath): Promise<Claim[]> {
    const names = (await ifPresent(this.files.list(CLAIMS))) ?? [];
    const prefix = `${claimPrefix(path)}.`;
    const ofSession = names.filter((name) => name.startsWith(prefix));
    const texts = await Promise.all(
      ofSession.map((name) => ifPresent(this.files.readText(`${CLAIMS}/${name}`))),
    );
    return texts.filter((text) => text !== undefined).map((text) => JSON.parse(text) as Claim);
  }

  /** Owners of all claims on a volume, by whichever way it is reached. */
  async ownersOf(wwid: string): Promise<string[]> {
    const names = (await ifPresent(this.files.list(VOLUMES))) ?? [];
    const prefix = `${hashed(wwid)}.`;
    const ofVolume = names.filter((name) => name.startsWith(prefix));
    const texts = await Promise.all(
      ofVolume.map((name) => ifPresent(this.files.readText(`${VOLUMES}/${name}`))),
    );
    const claims = texts.filter((text) => text !== undefined);
    return [...new Set(claims.map((text) => (JSON.parse(text) as Claim).owner))];
  }

  async remove(path: HostPath, owner: string): Promise<void> {
    await this.forgetVolumes(path, owner);
    await this.writer.removeFile(this.claimPath(path, owner));
  }

  async putNote(note: SessionNote): Promise<void> {
    await this.writer.replaceFile(this.notePath(note), json(note), 0o600);
  }

  async getNote(path: SessionEndWithIface): Promise<SessionNote | undefined> {
    const text = await ifPresent(this.files.readText(this.notePath(path)));
    return text === undefined ? undefined : (JSON.parse(text) as SessionNote);
  }

  async removeNote(path: SessionEndWithIface): Promise<void> {
    await this.writer.removeFile(this.notePath(path));
  }

  private claimPath(path: SessionEndWithIface & { lun: number }, owner: string): string {
    return `${CLAIMS}/${claimName(path, owner)}`;
  }

  /** By the claim's name: what it says itself is older than this when a worker died in between. */
  private async forgetVolumes(
    path: SessionEndWithIface & { lun: number },
    owner: string,
    { but }: { readonly but?: string } = {},
  ): Promise<void> {
    const names = (await ifPresent(this.files.list(VOLUMES))) ?? [];
    const claim = `.${claimName(path, owner)}`;
    const kept = but === undefined ? undefined : `${hashed(but)}${claim}`;
    const ofClaim = names.filter((name) => name.endsWith(claim) && name !== kept);
    for (const name of ofClaim) await this.writer.removeFile(`${VOLUMES}/${name}`);
  }

  private notePath(path: SessionEndWithIface): string {
    return `${SESSIONS}/${hashed(sessionLockKey(path))}.json`;
  }
}

type SessionEndWithIface = Pick<HostPath, 'portal' | 'iqn' | 'iface'>;

/** Names one session among all: what is excluded, claimed and noted. */
export function sessionLockKey(path: SessionEndWithIface): string {
  return `${sessionKey(path)} ${path.iface}`;
}

function volumePath(wwid: string, claim: Claim): string {
  return `${VOLUMES}/${hashed(wwid)}.${claimName(claim, claim.owner)}`;
}

function claimName(path: SessionEndWithIface & { lun: number }, owner: string): string {
  return `${claimPrefix(path)}.${hashed(`${owner} lun ${path.lun}`)}.json`;
}

/** What the names of all claims on one session begin with. */
function claimPrefix(path: SessionEndWithIface): string {
  return hashed(sessionLockKey(path));
}

/** Names of portals and targets are longer and wilder than file names may be. */
function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
