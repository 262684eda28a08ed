import { lunProblem } from '../../contract/lun.js';
import { pathKey } from '../../contract/path-key.js';
import { FIXED_BOUNDS } from '../../contract/policy.js';
import { targetNameProblem } from '../../contract/target-name.js';
import type { Path } from '../../model/connection.js';
import type { CinderFields } from './cinder-fields.js';
import { readCinderPortal } from './cinder-portal.js';

/** Where a volume is, as the driver told it. */
export interface CinderPaths {
  /** Each path once, in the driver's order; empty when something was refused. */
  readonly paths: readonly Path[];
  /** Whether the driver named every portal, or only the main one. */
  readonly complete: boolean;
}

/**
 * Reads portals, targets and LUNs. The lists count when they are there, the singular fields
 * otherwise; a list that is missing beside `target_portals` repeats the singular field, and a LUN
 * that is missing is 0, as for os-brick.
 */
export function readCinderPaths(fields: CinderFields): CinderPaths {
  const before = fields.problems.length;
  const portals = fields.list('target_portals');
  const iqns = fields.list('target_iqns');
  const luns = fields.list('target_luns');
  if (fields.problems.length > before) return NOTHING;
  if (portals === undefined) {
    if (iqns === undefined && luns === undefined) return singlePath(fields);
    fields.refuse('target_portals', 'must be given with target_iqns and target_luns');
    return NOTHING;
  }
  if (portals.length > ENTRIES_MAX) {
    fields.refuse('target_portals', `has more than ${ENTRIES_MAX} entries`);
    return NOTHING;
  }
  for (const [name, list] of [
    ['target_iqns', iqns],
    ['target_luns', luns],
  ] as const) {
    if (list === undefined || list.length === portals.length) continue;
    fields.refuse(
      name,
      `has ${list.length} entries, and target_portals has ${portals.length}: which belong together?`,
    );
  }
  if (fields.problems.length > before) return NOTHING;
  const found = portals.map((portal, index) =>
    readPath(fields, {
      portal: [`target_portals[${index}]`, portal],
      iqn:
        iqns === undefined
          ? ['target_iqn', fields.value('target_iqn')]
          : [`target_iqns[${index}]`, iqns[index]],
      lun:
        luns === undefined
          ? ['target_lun', fields.value('target_lun')]
          : [`target_luns[${index}]`, luns[index]],
    }),
  );
  const paths = eachOnce(found.filter((path) => path !== undefined));
  if (paths.length > FIXED_BOUNDS.pathsMax) {
    fields.refuse('target_portals', `has more than ${FIXED_BOUNDS.pathsMax} paths`);
  }
  return { paths, complete: true };
}

/** Longer lists are no list of paths, not even with many of them twice. */
const ENTRIES_MAX = 4 * FIXED_BOUNDS.pathsMax;

const NOTHING: CinderPaths = { paths: [], complete: true };

function singlePath(fields: CinderFields): CinderPaths {
  const path = readPath(fields, {
    portal: ['target_portal', fields.value('target_portal')],
    iqn: ['target_iqn', fields.value('target_iqn')],
    lun: ['target_lun', fields.value('target_lun')],
  });
  return { paths: path === undefined ? [] : [path], complete: false };
}

type Field = readonly [name: string, value: unknown];

function readPath(
  fields: CinderFields,
  { portal, iqn, lun }: Readonly<Record<'portal' | 'iqn' | 'lun', Field>>,
): Path | undefined {
  const path = {
    portal: readPortal(fields, portal),
    iqn: readTargetName(fields, iqn),
    lun: readLun(fields, lun),
  };
  return path.portal === undefined || path.iqn === undefined || path.lun === undefined
    ? undefined
    : { portal: path.portal, iqn: path.iqn, lun: path.lun };
}

function readPortal(fields: CinderFields, [name, value]: Field): string | undefined {
  const text = requireText(fields, [name, value]);
  if (text === undefined) return undefined;
  const read = readCinderPortal(text);
  if ('portal' in read) return read.portal;
  fields.refuse(name, read.problem);
  return undefined;
}

function readTargetName(fields: CinderFields, [name, value]: Field): string | undefined {
  const text = requireText(fields, [name, value]);
  if (text === undefined) return undefined;
  const problem = targetNameProblem(text);
  if (problem === undefined) return text;
  fields.refuse(name, problem);
  return undefined;
}

function readLun(fields: CinderFields, [name, value]: Field): number | undefined {
  if (value === undefined) return 0;
  const isNumberText = typeof value === 'string' && /^\d{1,5}$/.test(value);
  const lun = typeof value === 'number' ? value : isNumberText ? Number(value) : Number.NaN;
  const problem = lunProblem(lun);
  if (problem === undefined) return lun;
  fields.refuse(name, problem);
  return undefined;
}

function requireText(fields: CinderFields, [name, value]: Field): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  fields.refuse(name, value === '' ? 'is empty' : 'must be given, as text');
  return undefined;
}

/** Drivers name a path twice when two of their ports share an address. */
function eachOnce(paths: readonly Path[]): readonly Path[] {
  return [...new Map(paths.map((path) => [pathKey(path), path])).values()];
}
