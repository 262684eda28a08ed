import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { OperationError } from '../client/operation-error.js';

/** A request is a few kilobytes; more is some other file. */
const REQUEST_MAX_BYTES = 1_048_576;

/**
 * Reads a request as JSON from a file, or from standard input for `-`. Its fields are checked later.
 *
 * @throws OperationError `InvalidRequest` - unreadable, too large, not JSON, not an object
 */
export async function readRequest(
  file: string,
  stdin: Readable,
): Promise<Readonly<Record<string, unknown>>> {
  const name = file === '-' ? 'standard input' : file;
  const text = await readText(file, name, stdin);
  const request = parseJson(text, name);
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw invalid(`${name} must hold one JSON object`);
  }
  return request as Record<string, unknown>;
}

async function readText(file: string, name: string, stdin: Readable): Promise<string> {
  if (file !== '-') {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      throw invalid(`${name} cannot be read (${code})`, error);
    }
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Buffer);
    bytes += buffer.length;
    if (bytes > REQUEST_MAX_BYTES) throw invalid(`${name} is longer than a request can be`);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The parser's own message repeats the text, and that may hold what must not be printed.
    const said = error instanceof Error ? error.message : '';
    const at = /position (\d+)/.exec(said)?.[1];
    const where = at === undefined ? '' : `, see ${lineAndColumn(text, Number(at))}`;
    throw invalid(`${name} is not JSON${said.includes('end of JSON') ? ': it ends early' : where}`);
  }
}

function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function invalid(message: string, cause?: unknown): OperationError {
  return new OperationError({
    type: 'InvalidRequest',
    message,
    advice: 'see `mooring schema attachRequest` for the form of a request',
    ...(cause === undefined ? {} : { cause }),
  });
}
