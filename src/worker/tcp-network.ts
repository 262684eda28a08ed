import { createConnection } from 'node:net';
import { parsePortal } from '../contract/portal.js';
import type { PortalAnswer, PortalNetwork } from '../host/portal-network.js';

/** Errors that say: there is no way there from here. */
const NO_WAY = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EHOSTDOWN',
  'ENETDOWN',
]);

/** Portals as this machine's own network reaches them. */
export class TcpNetwork implements PortalNetwork {
  knock(portal: string, timeoutMs: number): Promise<PortalAnswer> {
    const { address: host, port } = parsePortal(portal);
    return new Promise((resolve) => {
      const socket = createConnection({ host, port });
      const end = (answer: PortalAnswer): void => {
        clearTimeout(bound);
        socket.destroy();
        resolve(answer);
      };
      // The socket's own timeout does not cover the look-up of a name.
      const bound = setTimeout(() => {
        end('silent');
      }, timeoutMs);
      socket.once('connect', () => {
        end('open');
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        end(answerTo(error.code));
      });
    });
  }
}

function answerTo(code: string | undefined): PortalAnswer {
  if (code === 'ETIMEDOUT') return 'silent';
  return code !== undefined && NO_WAY.has(code) ? 'unreachable' : 'refused';
}
