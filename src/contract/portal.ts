/**
 * Portals as text: `10.0.0.1:3260`, `[fd00::7]:3260`, `array.example:3260`.
 * The port is always said and IPv6 always bracketed, so a portal is never ambiguous.
 */

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export interface Portal {
  /** Without brackets, lower case, IPv6 in its shortest form (RFC 5952). */
  readonly address: string;
  readonly port: number;
}

/** Says what is wrong with a portal, or `undefined`. */
export function portalProblem(text: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) {
    if (expandIpv6(bracketed[1] ?? '') === undefined) return 'no IPv6 address in the brackets';
    return portProblem(bracketed[2]);
  }
  const colons = text.split(':').length - 1;
  if (colons > 1) return 'an IPv6 address must be in brackets: [fd00::7]:3260';
  const [host = '', port] = text.split(':');
  if (/^[\d.]+$/.test(host) ? !IPV4.test(host) : !HOST_NAME.test(host)) {
    return 'no IPv4 address, bracketed IPv6 address or host name';
  }
  return portProblem(port);
}

function portProblem(port: string | undefined): string | undefined {
  if (port === undefined || port === '') return 'the port is missing: write 10.0.0.1:3260';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return 'the port must be a number from 1 to 65535';
  }
  return undefined;
}

/**
 * Takes a portal apart. Only for text that {@link portalProblem} accepts.
 *
 * @throws RangeError for anything else
 */
export function parsePortal(text: string): Portal {
  const problem = portalProblem(text);
  if (problem !== undefined) throw new RangeError(`portal: ${problem}`);
  const split = text.lastIndexOf(':');
  const host = text.slice(0, split);
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  return { address: canonicalAddress(address), port: Number(text.slice(split + 1)) };
}

/** `10.0.0.1:3260`, IPv6 in brackets. */
export function formatPortal(portal: Portal): string {
  const host = portal.address.includes(':') ? `[${portal.address}]` : portal.address;
  return `${host}:${portal.port}`;
}

/** The one text by which two spellings of a portal are compared. */
export function normalisePortal(text: string): string {
  return formatPortal(parsePortal(text));
}

/** Lower case, and IPv6 in its RFC 5952 form; host names and IPv4 as they are. */
export function canonicalAddress(address: string): string {
  const groups = expandIpv6(address);
  return groups === undefined ? address.toLowerCase() : shortenIpv6(groups);
}

/** The eight groups of an IPv6 address; `undefined` when it is none. Zones are not accepted. */
function expandIpv6(text: string): number[] | undefined {
  if (!text.includes(':')) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = parseGroups(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  if (missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && IPV4.test(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function shortenIpv6(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  let start = -1;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) {
      if (start === -1) start = index;
    } else if (start !== -1) {
      if (index - start > best.length) best = { start, length: index - start };
      start = -1;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start === -1) return hex.join(':');
  const head = hex.slice(0, best.start).join(':');
  return `${head}::${hex.slice(best.start + best.length).join(':')}`;
}
