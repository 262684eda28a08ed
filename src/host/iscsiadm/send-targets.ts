import { normalisePortal, portalProblem } from '../../contract/portal.js';
import { targetNameProblem } from '../../contract/target-name.js';

/** One target at one portal, as a discovery says it. */
export interface DiscoveredTarget {
  /** Normalised, without the portal group. */
  readonly portal: string;
  readonly iqn: string;
}

/**
 * Reads what a sendtargets discovery prints: `10.0.0.1:3260,1 iqn.2026-11.io.example:array1`. Lines
 * that are no such pair are skipped: warnings stand between them, and arrays name portals this host
 * could not reach anyhow (`[fe80::1]:3260` without a zone).
 */
export function parseSendTargets(text: string): readonly DiscoveredTarget[] {
  return text.split('\n').flatMap((line) => {
    const [, portal = '', iqn = ''] = /^(\S+?)(?:,-?\d+)?\s+(\S+)\s*$/.exec(line.trim()) ?? [];
    if (portalProblem(portal) !== undefined || targetNameProblem(iqn) !== undefined) return [];
    if (/^\[fe[89ab]/i.test(portal)) return [];
    return [{ portal: normalisePortal(portal), iqn }];
  });
}
