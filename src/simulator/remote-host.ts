import { createConnection, type Socket } from 'node:net';
import type { FileTree } from '../host/file-tree.js';
import type { PortalNetwork } from '../host/portal-network.js';
import type { CommandRunner } from '../privileged/command-runner.js';
import type { FileWriter } from '../privileged/file-writer.js';
import type { Boundary, BoundarySpec } from './boundaries.js';
import type { ArrayControl, HostControl } from './host-control.js';
import { BOUNDARY_CALLS, CALLS, type Room } from './process/calls.js';
import { onLines, restore, sendLine, type Reply } from './process/wire.js';
import type { SimulatedHost } from './simulated-host.js';

/** The process of the simulated host is gone, or was never there. */
class SimulatorGone extends Error {
  override readonly name = 'SimulatorGone';
  readonly code = 'ECONNRESET';
  constructor(socketPath: string) {
    super(`no simulator at ${socketPath}`);
  }
}

/** A simulated host in another process. */
export interface RemoteHost extends SimulatedHost {
  /** Ends the connection; the host stays, and what it is doing goes on. */
  close(): void;
}

/**
 * Connects to a host of a simulator process.
 *
 * @throws SimulatorGone when there is no such process
 */
export async function connectSimulatedHost(options: {
  readonly socketPath: string;
  readonly hostId: string;
}): Promise<RemoteHost> {
  const wire = new Wire(options.socketPath);
  await wire.greet(options.hostId);
  const array = roomOver(wire, 'array');
  return {
    runner: roomOver(wire, 'runner'),
    files: roomOver(wire, 'files'),
    writer: roomOver(wire, 'writer'),
    network: roomOver(wire, 'network'),
    control: {
      ...roomOver(wire, 'control'),
      array,
      setBoundary: (spec) => setBoundary(wire, spec),
    },
    close: () => wire.close(),
  };
}

interface Rooms extends Record<Room, object> {
  readonly runner: CommandRunner;
  readonly files: FileTree;
  readonly writer: FileWriter;
  readonly network: PortalNetwork;
  readonly control: HostControl;
  readonly array: ArrayControl;
}

/** The calls of one room; their names and types are tied together in `calls.ts`. */
function roomOver<Name extends Room>(wire: Wire, room: Name): Rooms[Name] {
  const methods = CALLS[room].map((name) => [
    name,
    (...args: readonly unknown[]) => wire.call(`${room}.${name}`, args),
  ]);
  return Object.fromEntries(methods) as Rooms[Name];
}

async function setBoundary(wire: Wire, spec: BoundarySpec): Promise<Boundary> {
  const index = await wire.call(BOUNDARY_CALLS.set, [spec]);
  const reached = wire.call(BOUNDARY_CALLS.reached, [index]) as Promise<string>;
  // Whoever does not wait for it need not hear of the connection's end.
  reached.catch(() => undefined);
  return {
    reached,
    release: (how = {}) =>
      void wire.call(BOUNDARY_CALLS.release, [index, how]).catch(() => undefined),
  };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The greeting is answered under this number. */
const GREETING = 0;

/** Calls over one connection, any number of them under way. */
class Wire {
  readonly #socketPath: string;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = GREETING;
  #gone = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#socket = createConnection(socketPath);
    // The reason is told by `close`, which always follows.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#fail());
    onLines(this.#socket, (message) => this.#settle(message as Reply));
  }

  greet(hostId: string): Promise<unknown> {
    return this.#send(GREETING, { hostId });
  }

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    this.#lastId += 1;
    return this.#send(this.#lastId, { id: this.#lastId, call: name, args });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(id: number, message: unknown): Promise<unknown> {
    if (this.#gone) return Promise.reject(new SimulatorGone(this.#socketPath));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      sendLine(this.#socket, message);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(restore(reply.error));
    else waiting?.resolve(reply.value);
  }

  #fail(): void {
    this.#gone = true;
    for (const { reject } of this.#waiting.values()) reject(new SimulatorGone(this.#socketPath));
    this.#waiting.clear();
  }
}
