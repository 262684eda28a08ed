import { InvalidArgumentError, Option, type Command } from 'commander';

/** How data is printed. Field names of JSON never change within a major version. */
export const OUTPUT_FORMATS = ['table', 'json'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Options of every command that talks to the server. */
export interface CommonOptions {
  readonly output: OutputFormat;
  readonly color: boolean;
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
}

/** Adds where the server is. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('--address <host:port>', 'Temporal server (TEMPORAL_ADDRESS)')
    .option('--namespace <name>', 'Temporal namespace (TEMPORAL_NAMESPACE)')
    .option('--profile <name>', 'profile of the Temporal client configuration (TEMPORAL_PROFILE)');
}

/** Adds how data is printed. */
export function addOutputOptions(
  command: Command,
  formats: readonly string[] = OUTPUT_FORMATS,
): Command {
  return command
    .addOption(
      new Option('-o, --output <format>', 'table for people, json for programs')
        .choices(formats)
        .default('table'),
    )
    .option('--no-color', 'no colours (NO_COLOR)');
}

/** A time bound: `30s`, `5m`, `500ms`; a bare number is seconds. */
export function addTimeoutOption(command: Command): Command {
  return command.option(
    '--timeout <time>',
    'stop waiting after this time; the work goes on (30s, 5m)',
    parseDuration,
  );
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** @returns milliseconds */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const valueMs = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? 's'] ?? 0);
  if (!(valueMs > 0)) throw new InvalidArgumentError('write a time like 30s, 5m or 500ms');
  return valueMs;
}

/** The connection options of a command line, to be repeated in commands it suggests. */
export function connectionFlagText({
  address,
  namespace,
  profile,
}: Partial<CommonOptions>): string {
  return Object.entries({ address, namespace, profile })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` --${name} ${value ?? ''}`)
    .join('');
}
