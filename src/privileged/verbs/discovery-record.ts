import { createHash } from 'node:crypto';
import { normalisePortal, parsePortal } from '../../contract/portal.js';
import { FIXED_BOUNDS } from '../../contract/policy.js';
import { ifPresent } from '../../host/file-tree.js';
import { DATABASES } from '../../host/iscsiadm/node-database.js';
import { applySettings } from '../../host/iscsiadm/node-record.js';
import type { ResolvedChap } from '../../host/iscsiadm/node-settings.js';
import { CommandFailure } from '../command-failure.js';
import type { VerbContext } from '../verb-context.js';

const PURPOSE = 'make a discovery record';
/** What a record said that is being borrowed. Outlives process and boot, as the record does. */
const BORROWED = '/etc/iscsi/mooring/discovery';

/** A record as it was; `text` is absent when there was none. */
interface Borrowed {
  readonly path: string;
  readonly text?: string;
}

/**
 * Runs work while the discovery record of a portal carries these credentials. Afterwards it is what
 * it was: as the one before it, or gone. What a killed process left is put right by the next call.
 *
 * @throws CommandFailure when iscsiadm made no record
 */
export async function withDiscoveryRecord<Result>(
  context: VerbContext,
  portal: string,
  credentials: { readonly chap: ResolvedChap; readonly mutualChap?: ResolvedChap },
  work: () => Promise<Result>,
): Promise<Result> {
  return context.changingDiscovery(portal, async () => {
    const note = `${BORROWED}/${hashed(normalisePortal(portal))}.json`;
    await giveBack(context, portal, note);
    const before = await findRecord(context, portal);
    // The note comes before the deed.
    await context.writer.replaceFile(note, JSON.stringify(before ?? {}), 0o600);
    try {
      const record = before ?? (await makeRecord(context, portal));
      const { path, text = '' } = record;
      const settings = discoverySettings(credentials);
      await context.writer.replaceFile(path, applySettings(text, settings), 0o600);
      return await work();
    } finally {
      await giveBack(context, portal, note);
    }
  });
}

async function giveBack(context: VerbContext, portal: string, note: string): Promise<void> {
  const noted = await ifPresent(context.files.readText(note));
  if (noted === undefined) return;
  const before = JSON.parse(noted) as Partial<Borrowed>;
  if (before.path !== undefined && before.text !== undefined) {
    await context.writer.replaceFile(before.path, before.text, 0o600);
  } else if ((await findRecord(context, portal)) !== undefined) {
    await context.run({
      program: 'iscsiadm',
      args: ['-m', 'discoverydb', '-t', 'sendtargets', '-p', portal, '-o', 'delete'],
      timeoutMs: FIXED_BOUNDS.iscsiadmTimeoutMs,
    });
    const left = await findRecord(context, portal);
    // At least the secret goes.
    if (left !== undefined) await context.writer.removeFile(left.path);
  }
  await context.writer.removeFile(note);
}

async function makeRecord(context: VerbContext, portal: string): Promise<Borrowed> {
  const end = await context.run({
    program: 'iscsiadm',
    args: ['-m', 'discoverydb', '-t', 'sendtargets', '-p', portal, '-o', 'new'],
    timeoutMs: FIXED_BOUNDS.iscsiadmTimeoutMs,
  });
  const made = await findRecord(context, portal);
  if (made !== undefined) return made;
  const { timedOut, said, exitCode } = end;
  const exit = exitCode === undefined ? {} : { exitCode };
  throw new CommandFailure({ program: 'iscsiadm', purpose: PURPOSE, timedOut, said, ...exit });
}

/** `send_targets/<address>,<port>/st_config`, the address as it was typed. */
async function findRecord(context: VerbContext, portal: string): Promise<Borrowed | undefined> {
  const { port } = parsePortal(portal);
  for (const database of DATABASES) {
    const directory = `${database}/send_targets`;
    for (const name of (await ifPresent(context.files.list(directory))) ?? []) {
      if (name !== `${addressAsTyped(portal)},${port}`) continue;
      const path = `${directory}/${name}/st_config`;
      const text = await ifPresent(context.files.readText(path));
      if (text !== undefined) return { path, text };
    }
  }
  return undefined;
}

function addressAsTyped(portal: string): string {
  return portal.slice(0, portal.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

function discoverySettings(credentials: {
  readonly chap: ResolvedChap;
  readonly mutualChap?: ResolvedChap;
}): Record<string, string | undefined> {
  const { chap, mutualChap } = credentials;
  return {
    'discovery.sendtargets.auth.authmethod': 'CHAP',
    'discovery.sendtargets.auth.username': chap.username,
    'discovery.sendtargets.auth.password': chap.password,
    'discovery.sendtargets.auth.username_in': mutualChap?.username,
    'discovery.sendtargets.auth.password_in': mutualChap?.password,
  };
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
