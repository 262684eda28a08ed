import { ifPresent } from '../../host/file-tree.js';
import { DATABASES } from '../../host/iscsiadm/node-database.js';
import { InvalidInput, requireIfaceName } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';

/** Records open-iscsi has without a file. */
const BUILT_IN = new Set(['default', 'iser']);

/** Whether there is an iface record of that name. */
export async function hasIface(
  context: VerbContext,
  { iface }: { readonly iface: string },
): Promise<boolean> {
  requireIfaceName(iface);
  if (BUILT_IN.has(iface)) return true;
  for (const database of DATABASES) {
    const names = (await ifPresent(context.files.list(`${database}/ifaces`))) ?? [];
    if (names.includes(iface)) return true;
  }
  return false;
}

/** @throws InvalidInput when the host has no iface record of that name */
export async function requireIface(context: VerbContext, iface: string): Promise<void> {
  if (await hasIface(context, { iface })) return;
  throw new InvalidInput('connection.iface', `${iface} has no record on this host`);
}
