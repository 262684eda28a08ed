import { portalProblem } from '../../contract/portal.js';

/** The port of iSCSI (RFC 7143), which iscsiadm assumes as well where none is written. */
const DEFAULT_PORT = 3260;

/** A portal in mooring's form, or what is wrong with it. */
export type CinderPortal = { readonly portal: string } | { readonly problem: string };

/**
 * Reads a portal as drivers write it: with a trailing `,tpgt` as sendtargets prints it, without port,
 * with an IPv6 address that has no brackets. `fd00::7:3260` is refused: that is a whole address too,
 * and the one that iscsiadm takes it for.
 */
export function readCinderPortal(text: string): CinderPortal {
  const bare = text.replace(/,-?\d+$/, '');
  const readings = readingsOf(bare).filter((reading) => portalProblem(reading) === undefined);
  const [portal, second] = readings;
  if (portal === undefined) return { problem: portalProblem(bare) ?? 'is no portal' };
  if (second === undefined) return { portal };
  return { problem: 'has two meanings: write the IPv6 address in brackets, as [fd00::7]:3260' };
}

function readingsOf(text: string): readonly string[] {
  if (text.startsWith('[')) return text.endsWith(']') ? [`${text}:${DEFAULT_PORT}`] : [text];
  const lastColon = text.lastIndexOf(':');
  if (lastColon === -1) return [`${text}:${DEFAULT_PORT}`];
  if (text.indexOf(':') === lastColon) return [text];
  const [head, port] = [text.slice(0, lastColon), text.slice(lastColon + 1)];
  return [`[${text}]:${DEFAULT_PORT}`, `[${head}]:${port}`];
}
