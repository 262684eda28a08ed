import { connect } from 'node:net';

/** gRPC goes through a proxy when one of these is set; then a direct look says nothing. */
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

/** Whether a text can be the address of a server. */
export function isAddress(text: string): boolean {
  return splitAddress(text) !== undefined;
}

/**
 * Looks at an address by a plain TCP connection, because gRPC itself tries on until its deadline.
 *
 * @returns why it cannot be reached; never settles while that is not known, the caller has a bound
 */
export function whyUnreachable(address: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const end = splitAddress(address);
    if (
      end === undefined ||
      PROXY_VARIABLES.some((name) => isSet(name) || isSet(name.toUpperCase()))
    )
      return;
    const socket = connect({ ...end, timeout: timeoutMs });
    socket.unref();
    socket.once('connect', () => socket.destroy());
    socket.once('timeout', () => socket.destroy());
    socket.once('error', (error) => {
      const code = errorCode(error);
      if (code !== undefined && code in REASONS) resolve(REASONS[code] ?? code);
    });
  });
}

function isSet(name: string): boolean {
  return (process.env[name] ?? '') !== '';
}

/** Of several addresses of one name each fails by itself; the first tells. */
function errorCode(error: Error): string | undefined {
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : error;
  return (first as NodeJS.ErrnoException | undefined)?.code;
}

/** `host:port`, IPv6 in brackets; the port defaults to 7233, as everywhere at Temporal. */
function splitAddress(address: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/]+))(?::(\d{1,5}))?$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 7_233);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
