import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { secretRefProblem } from '../contract/secret-ref.js';
import { recordValueProblem, VALUE_MAX_BYTES } from '../host/iscsiadm/node-record.js';
import { SecretMissing } from './verbs.js';

const DEFAULT_SECRETS_DIRECTORY = '/etc/mooring/secrets';

/** Where secrets are on a host. */
export interface SecretStore {
  /**
   * @param secretRef - `file:NAME`
   * @throws SecretMissing when there is none, when others can read it, or when it is no secret
   */
  resolve(secretRef: string): Promise<string>;
}

/** Where to look for secrets, in this order: systemd's credentials of the service, then the default. */
export function secretDirectories(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const credentials = environment['CREDENTIALS_DIRECTORY'];
  return credentials === undefined || credentials === ''
    ? [DEFAULT_SECRETS_DIRECTORY]
    : [credentials, DEFAULT_SECRETS_DIRECTORY];
}

/** Secrets as files, one a secret, that nobody but root (or the service itself) can read. */
export class DirectorySecrets implements SecretStore {
  readonly #directories: readonly string[];

  constructor(directories: readonly string[] = [DEFAULT_SECRETS_DIRECTORY]) {
    this.#directories = directories;
  }

  async resolve(secretRef: string): Promise<string> {
    // The reference itself may be a secret given by mistake, so it is not repeated.
    const problem = secretRefProblem(secretRef);
    if (problem !== undefined) throw new SecretMissing('(not a reference)', problem);
    const name = secretRef.slice('file:'.length);
    for (const directory of this.#directories) {
      const text = await readPrivateFile(`${directory}/${name}`, secretRef);
      if (text !== undefined) return requireSecret(text.replace(/\r?\n$/, ''), secretRef);
    }
    throw new SecretMissing(secretRef, `no such file in ${this.#directories.join(' or ')}`);
  }
}

/** Longer than any secret with its end of line. */
const READ_MAX_BYTES = 4_096;

async function readPrivateFile(path: string, secretRef: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    // Not blocking: opening a FIFO would wait for its writer for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SecretMissing(secretRef, `cannot be read (${code})`);
  }
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new SecretMissing(secretRef, 'is no regular file');
    // Who owns a file can open it to others at any time, whatever its mode says now.
    if (about.uid !== 0 && about.uid !== process.geteuid?.()) {
      throw new SecretMissing(secretRef, "belongs to another user: make it root's");
    }
    if ((about.mode & 0o077) !== 0) {
      throw new SecretMissing(secretRef, 'is open to group or others: make it 0600 or 0400');
    }
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(READ_MAX_BYTES),
      0,
      READ_MAX_BYTES,
      0,
    );
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await file.close();
  }
}

/** A secret that would not arrive whole in the node record is refused here, with the reason. */
function requireSecret(secret: string, secretRef: string): string {
  if (!/^[\x20-\x7e]*$/.test(secret)) {
    throw new SecretMissing(secretRef, 'holds characters that are not printable ASCII');
  }
  const problem = recordValueProblem(secret);
  if (problem !== undefined) {
    throw new SecretMissing(secretRef, `${problem} (1 to ${VALUE_MAX_BYTES} characters)`);
  }
  return secret;
}
