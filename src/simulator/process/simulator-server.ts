import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Boundary, BoundarySpec } from '../boundaries.js';
import type { SimulatedHost } from '../simulated-host.js';
import { BOUNDARY_CALLS, CALLS, type Room } from './calls.js';
import { carry, onLines, sendLine, type Hello, type Request } from './wire.js';

export interface SimulatorServer {
  /** Ends all connections; the hosts themselves stay as they are. */
  close(): Promise<void>;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * Serves simulated hosts on a unix socket. What a client asked for goes on when the client dies;
 * only its boundaries are released, since nobody else could.
 */
export async function serveSimulatedHosts(options: {
  readonly socketPath: string;
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
}): Promise<SimulatorServer> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    // A client that died is no fault of this process.
    socket.on('error', () => undefined);
    serve(socket, options.hosts);
  });
  await listen(server, options.socketPath);
  return {
    close: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
      await rm(options.socketPath, { force: true });
    },
  };
}

async function listen(server: Server, socketPath: string): Promise<void> {
  // Left over from a process that was killed.
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
}

function serve(socket: Socket, hosts: ReadonlyMap<string, SimulatedHost>): void {
  let methods: ReadonlyMap<string, Method> | undefined;
  onLines(socket, (message) => {
    if (methods === undefined) {
      const { hostId } = message as Hello;
      const host = hosts.get(hostId);
      if (host === undefined) {
        sendLine(socket, { id: 0, error: carry(new Error(`no simulated host ${hostId} here`)) });
        socket.end();
        return;
      }
      methods = methodsOf(host, socket);
      sendLine(socket, { id: 0 });
      return;
    }
    void answer(socket, methods, message as Request);
  });
}

async function answer(
  socket: Socket,
  methods: ReadonlyMap<string, Method>,
  { id, call, args }: Request,
): Promise<void> {
  try {
    const method = methods.get(call);
    if (method === undefined) throw new Error(`no call ${call}`);
    sendLine(socket, { id, value: await method(...args) });
  } catch (error) {
    sendLine(socket, { id, error: carry(error) });
  }
}

function methodsOf(host: SimulatedHost, socket: Socket): ReadonlyMap<string, Method> {
  const rooms: Readonly<Record<Room, object>> = { ...host, array: host.control.array };
  const methods = new Map<string, Method>(boundaryMethods(host, socket));
  for (const [room, names] of Object.entries(CALLS)) {
    const target = rooms[room as Room] as Record<string, Method>;
    for (const name of names) {
      methods.set(`${room}.${name}`, async (...args) => target[name]?.(...args));
    }
  }
  return methods;
}

/** A boundary lives as long as the connection that set it. */
function boundaryMethods(host: SimulatedHost, socket: Socket): [string, Method][] {
  const boundaries: Boundary[] = [];
  socket.on('close', () => {
    for (const boundary of boundaries) boundary.release();
  });
  return [
    [
      BOUNDARY_CALLS.set,
      async (spec) => {
        const boundary = await host.control.setBoundary(spec as BoundarySpec);
        return boundaries.push(boundary) - 1;
      },
    ],
    [BOUNDARY_CALLS.reached, async (index) => boundaries[Number(index)]?.reached],
    [
      BOUNDARY_CALLS.release,
      async (index, how) => boundaries[Number(index)]?.release(how as { dropped?: boolean }),
    ],
  ];
}
