import { sessionKey, type SessionEnd } from '../contract/path-key.js';
import { normalisePortal } from '../contract/portal.js';
import type { FileTree } from '../host/file-tree.js';
import type { ResolvedChap } from '../host/iscsiadm/node-settings.js';
import type { Command, CommandEnd, CommandRunner } from './command-runner.js';
import type { FileWriter } from './file-writer.js';
import { KernelWrites } from './kernel-writes.js';
import { KeyedMutex } from './keyed-mutex.js';
import { redact } from './redact.js';
import type { SecretStore } from './secrets.js';
import type { ChapReference } from './verbs.js';

/** What the verbs act through: the two seams, and the host's secrets. */
export interface VerbDependencies {
  readonly runner: CommandRunner;
  readonly files: FileTree;
  readonly writer: FileWriter;
  readonly secrets: SecretStore;
}

/** How a command ended, with its words fit for messages. */
export interface SaidEnd extends CommandEnd {
  readonly said: string;
}

/** What the verbs of one host share. */
export class VerbContext {
  readonly files: FileTree;
  readonly writer: FileWriter;
  readonly kernel: KernelWrites;
  readonly #runner: CommandRunner;
  readonly #secrets: SecretStore;
  /** Secrets resolved by this process: what a command says later is searched for them. */
  readonly #resolved = new Set<string>();
  readonly #records = new KeyedMutex();

  constructor(dependencies: VerbDependencies) {
    this.files = dependencies.files;
    this.writer = dependencies.writer;
    this.kernel = new KernelWrites(dependencies.writer);
    this.#runner = dependencies.runner;
    this.#secrets = dependencies.secrets;
  }

  async run(command: Command): Promise<SaidEnd> {
    const end = await this.#runner.run(command);
    const words = end.stderr.trim() === '' ? end.stdout : end.stderr;
    return { ...end, said: redact(words, this.#resolved) };
  }

  async resolveSecret(secretRef: string): Promise<string> {
    const secret = await this.#secrets.resolve(secretRef);
    this.#resolved.add(secret);
    return secret;
  }

  async resolveChap({ username, secretRef }: ChapReference): Promise<ResolvedChap> {
    return { username, password: await this.resolveSecret(secretRef) };
  }

  /** Changes of the discovery record of one portal, one at a time. */
  async changingDiscovery<Result>(portal: string, work: () => Promise<Result>): Promise<Result> {
    return this.#records.run(`discovery ${normalisePortal(portal)}`, work);
  }

  /**
   * Changes of one node record, one at a time. Those of different records run side by side: open-iscsi
   * has a lock of its own, and calls that trip over each other (2.1.8: exit 6, though the record is
   * gone) are told by what is on the disk afterwards, and repeated.
   */
  async changingRecord<Result>(end: SessionEnd, work: () => Promise<Result>): Promise<Result> {
    return this.#records.run(sessionKey(end), work);
  }
}
