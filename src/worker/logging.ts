import { pino, type DestinationStream, type Logger } from 'pino';
import { hideSecrets } from './hide-secrets.js';
import type { LogLevel } from './settings.js';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Default: stderr, as JSON lines, or as plain lines when it is a terminal. */
  readonly destination?: DestinationStream;
}

/** The log of a worker. Written at once, so nothing is lost when the process is killed. */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: hideSecrets },
    },
    destination ?? standardError(),
  );
}

function standardError(): DestinationStream {
  const stderr = pino.destination({ fd: 2, sync: true });
  if (!process.stderr.isTTY) return stderr;
  return { write: (line) => void stderr.write(readableLine(line)) };
}

/** `09:14:02.123 warn  ensureSession failed  step=ensureSession portal=10.0.0.1:3260`. */
export function readableLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const said = Object.entries(fields).map(([name, value]) => `  ${name}=${plain(value)}`);
  const clock = String(time).slice('2026-11-23T'.length, -1);
  return `${clock} ${String(level).padEnd(5)} ${String(msg)}${said.join('')}\n`;
}

function plain(value: unknown): string {
  return typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}
