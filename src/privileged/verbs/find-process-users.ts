import type { DeviceUser } from '../../host/facts.js';
import { findProcessUsers as find } from '../../host/process-users.js';
import { requireBlocks } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';

/** Programs that have these block devices open, and their mounts in any namespace. */
export async function findProcessUsers(
  context: VerbContext,
  { blocks }: { readonly blocks: readonly string[] },
): Promise<readonly DeviceUser[]> {
  requireBlocks(blocks);
  return find(context.files, blocks);
}
