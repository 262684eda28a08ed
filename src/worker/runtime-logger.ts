import type { Logger, LogLevel as SdkLevel, LogMetadata } from '@temporalio/worker';
import type { Logger as PinoLogger } from 'pino';

type PinoLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Readonly<Record<SdkLevel, PinoLevel>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** What the SDK says louder than it matters here. Its wording is that of SDK 1.24. */
const DEMOTED = [
  // A host worker has no workflows on purpose.
  'No workflows registered',
  'No activities registered',
  'No Nexus services registered',
  // `step-log.ts` says it in one line, with the failure's type.
  'Activity failed',
] as const;

/** What is in every line of the SDK and helps nobody. */
const DROPPED_FIELDS = new Set(['taskToken', 'namespace', 'sdkComponent', 'isLocal', 'runId']);

/** Hands the log lines of the SDK, of workflows and of activities to pino. */
export class RuntimeLogger implements Logger {
  readonly #pino: PinoLogger;

  constructor(pino: PinoLogger) {
    this.#pino = pino;
  }

  log(level: SdkLevel, message: string, meta: LogMetadata = {}): void {
    const quiet = DEMOTED.some((text) => message.startsWith(text));
    const fields = Object.entries(meta).filter(([name]) => !DROPPED_FIELDS.has(name));
    this.#pino[quiet ? 'debug' : LEVELS[level]](Object.fromEntries(fields), message);
  }

  trace(message: string, meta?: LogMetadata): void {
    this.log('TRACE', message, meta);
  }

  debug(message: string, meta?: LogMetadata): void {
    this.log('DEBUG', message, meta);
  }

  info(message: string, meta?: LogMetadata): void {
    this.log('INFO', message, meta);
  }

  warn(message: string, meta?: LogMetadata): void {
    this.log('WARN', message, meta);
  }

  error(message: string, meta?: LogMetadata): void {
    this.log('ERROR', message, meta);
  }
}
