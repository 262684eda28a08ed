import { portalProblem } from '../contract/portal.js';
import { targetNameProblem } from '../contract/target-name.js';
import { ifaceSchema } from '../model/formats.js';
import type {
  ChapReference,
  DiscoveryInput,
  IdentifiedDevice,
  NodeSettings,
  PortalTarget,
} from './verbs.js';
import { recordValueProblem } from '../host/iscsiadm/node-record.js';

/**
 * Input of a verb that is not what it must be. The caller has checked it before, but the side that
 * acts as root believes nobody.
 */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly field: string;
  readonly problem: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

const HCTL = /^\d{1,5}:\d{1,5}:\d{1,10}:\d{1,20}$/;
/** udev's form: a designator type, then what neither a path nor multipathd's parser can trip over. */
const UDEV_WWID = /^[1238][^\s/\\"'\p{C}]{1,254}$/u;
const DAY_MS = 86_400_000;
/** The kernel's LUN numbers reach 32 bits; beyond 16 they are other addressing methods. */
const KERNEL_LUN_MAX = 0xff_ff_ff_ff;
/** More than any attachment has paths. */
const PATHS_MAX = 128;

/** @throws InvalidInput that names the field */
export function requirePortalTarget(input: PortalTarget): void {
  requireText('portal', input.portal, portalProblem);
  requireText('iqn', input.iqn, targetNameProblem);
  requireText('iface', input.iface, ifaceProblem);
}

export function requireNodeSettings(input: NodeSettings): void {
  requireWhole('loginTimeoutSeconds', input.loginTimeoutSeconds, { min: 1, max: 600 });
  requireChap('chap', input.chap);
  requireChap('mutualChap', input.mutualChap);
  if (input.mutualChap !== undefined && input.chap === undefined) {
    throw new InvalidInput('mutualChap', 'needs chap as well');
  }
}

export function requireIfaceName(iface: string): void {
  requireText('iface', iface, ifaceProblem);
}

export function requireDiscovery(input: DiscoveryInput): void {
  requireText('portal', input.portal, portalProblem);
  requireText('iface', input.iface, ifaceProblem);
  requireChap('chap', input.chap);
  requireChap('mutualChap', input.mutualChap);
  if (input.mutualChap !== undefined && input.chap === undefined) {
    throw new InvalidInput('mutualChap', 'needs chap as well');
  }
}

export function requireDevice(input: IdentifiedDevice, field = ''): void {
  requireText(`${field}hctl`, input.hctl, (text) =>
    HCTL.test(text) ? undefined : 'must be host:channel:target:lun',
  );
  requireWwid(input.wwid, `${field}wwid`);
}

export function requireDevices(paths: readonly IdentifiedDevice[], wwid: string): void {
  const isList: boolean = Array.isArray(paths);
  if (!isList || paths.length < 1 || paths.length > PATHS_MAX) {
    throw new InvalidInput('paths', `must be a list of 1 to ${PATHS_MAX} devices`);
  }
  for (const [index, path] of paths.entries()) {
    requireDevice(path, `paths[${index}].`);
    if (path.wwid !== wwid) throw new InvalidInput(`paths[${index}].wwid`, "is not the map's");
  }
}

export function requireBlocks(blocks: readonly string[]): void {
  const isList: boolean = Array.isArray(blocks);
  if (!isList || blocks.length > PATHS_MAX) {
    throw new InvalidInput('blocks', `must be a list of at most ${PATHS_MAX} names`);
  }
  for (const block of blocks) {
    requireText('blocks', block, (text) =>
      /^[A-Za-z0-9!_-]{1,64}$/.test(text) ? undefined : 'must be names of block devices',
    );
  }
}

export function requireWwid(wwid: string, field = 'wwid'): void {
  requireText(field, wwid, (text) =>
    UDEV_WWID.test(text) ? undefined : "must be a WWID in udev's form",
  );
}

export function requireSid(sid: number): void {
  requireWhole('sid', sid, { min: 0, max: 0xff_ff_ff_ff });
}

export function requireKernelLun(lun: number): void {
  requireWhole('lun', lun, { min: 0, max: KERNEL_LUN_MAX });
}

export function requireTimeout(timeoutMs: number): void {
  requireWhole('timeoutMs', timeoutMs, { min: 1, max: DAY_MS });
}

function requireChap(field: string, chap: ChapReference | undefined): void {
  if (chap === undefined) return;
  requireText(`${field}.username`, chap.username, recordValueProblem);
  // What is wrong with the reference itself the secret store says, without repeating it.
  requireText(`${field}.secretRef`, chap.secretRef, () => undefined);
}

/** `.` and `..` would be other places of the node database. */
function ifaceProblem(iface: string): string | undefined {
  return ifaceSchema.safeParse(iface).success && !/^\.+$/.test(iface)
    ? undefined
    : 'must be the name of an iface record';
}

function requireText(
  field: string,
  value: unknown,
  problemOf: (text: string) => string | undefined,
): void {
  const problem = typeof value === 'string' ? problemOf(value) : 'must be text';
  if (problem !== undefined) throw new InvalidInput(field, problem);
}

function requireWhole(
  field: string,
  value: unknown,
  bounds: { readonly min: number; readonly max: number },
): void {
  if (
    typeof value !== 'number' ||
    !Number.isInteger(value) ||
    value < bounds.min ||
    value > bounds.max
  ) {
    throw new InvalidInput(field, `must be a whole number from ${bounds.min} to ${bounds.max}`);
  }
}
