import type { Socket } from 'node:net';

/** One call; answered in any order, by its id. */
export interface Request {
  readonly id: number;
  readonly call: string;
  readonly args: readonly unknown[];
}

export type Reply =
  | { readonly id: number; readonly value?: unknown }
  | { readonly id: number; readonly error: CarriedError };

/** What is left of an error after the crossing. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly program?: string;
}

/** First message of a connection. */
export interface Hello {
  readonly hostId: string;
}

/** A text of 1 MiB may double in JSON; everything else is small. */
const MESSAGE_MAX_BYTES = 4_194_304;

const NEWLINE = 0x0a;

/** Sends a value as one line; bytes travel as base64. */
export function sendLine(socket: Socket, message: unknown): void {
  const line = JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value,
  );
  if (socket.writable) socket.write(`${line}\n`);
}

/** Calls back for every line; a connection that breaks the bound or the form is ended. */
export function onLines(socket: Socket, take: (message: unknown) => void): void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  socket.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      const message = parse(line);
      if (message === undefined) return void socket.destroy(new Error('malformed message'));
      take(message);
    }
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > MESSAGE_MAX_BYTES) socket.destroy(new Error('message too long'));
  });
}

function parse(line: Buffer): unknown {
  if (line.length > MESSAGE_MAX_BYTES) return undefined;
  try {
    const message: unknown = JSON.parse(line.toString('utf8'), revive);
    return message;
  } catch {
    return undefined;
  }
}

function revive(_: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && '$bytes' in value;
  return isBytes ? new Uint8Array(Buffer.from(String(value.$bytes), 'base64')) : value;
}

const CARRIED_FIELDS: readonly string[] = ['code', 'syscall', 'path', 'program'];

export function carry(error: unknown): CarriedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  const fields = Object.entries(error).filter(([field]) => CARRIED_FIELDS.includes(field));
  return {
    name,
    message,
    ...Object.fromEntries(fields.map(([field, value]) => [field, String(value)])),
  };
}

export function restore({ name, message, ...fields }: CarriedError): Error {
  return Object.assign(new Error(message), { name, ...fields });
}
