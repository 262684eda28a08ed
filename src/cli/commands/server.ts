import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

const DEFAULT_PORT = 7_233;
const DEFAULT_UI_PORT = 8_233;

interface ServerOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly headless?: boolean;
  readonly namespace: string;
  readonly dataFile?: string;
  readonly inMemory?: boolean;
}

/** `mooring server` */
export function addServerCommand(home: CommandHome): void {
  home.program
    .command('server')
    .description('Run a Temporal server for a laptop, tuned and set up for mooring, until Ctrl-C')
    .option('--port <port>', 'its port on 127.0.0.1', parsePort, DEFAULT_PORT)
    .option('--ui-port <port>', 'port of its web UI', parsePort, DEFAULT_UI_PORT)
    .option('--headless', 'without the web UI')
    .option('--namespace <name>', 'namespace to make', 'default')
    .option('--data-file <file>', 'keeps everything; default: in the state directory of the user')
    .option('--in-memory', 'keep nothing')
    .action(runCommand(home, (options: ServerOptions) => server(home, options)));
}

async function server({ context }: CommandHome, options: ServerOptions): Promise<number> {
  const { startDevServer } = await import('../../demo/dev-server.js');
  const { NoTemporalBinary } = await import('../../demo/temporal-binary.js');
  const { port, uiPort, headless = false, namespace } = options;
  const databaseFile = await dataFile(context.env, options);
  const left = whenInterrupted(context);
  try {
    const running = await startDevServer({
      port,
      uiPort,
      headless,
      namespace,
      ...(databaseFile === undefined ? {} : { databaseFile }),
      onProgress: (line) => context.stderr.write(`${line}\n`),
    });
    context.stderr.write(
      [
        `Temporal server: ${running.address}, namespace ${namespace}`,
        ...(running.uiUrl === undefined ? [] : [`Web UI: ${running.uiUrl}`]),
        `Data: ${databaseFile ?? 'in memory only'}`,
        'Ctrl-C ends it.\n',
      ].join('\n'),
    );
    const ended = new AbortController();
    const end = await Promise.race([left, untilGone(running.pid, ended.signal)]);
    ended.abort();
    await running.stop();
    if (end !== 'gone') return 0;
    context.stderr.write('mooring: the server has ended by itself\n');
    return 1;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Several lines: what was tried, or the server's last words.
    context.stderr.write(`mooring: ${error.message}\n`);
    return error instanceof NoTemporalBinary ? 3 : 1;
  }
}

function whenInterrupted({ onInterrupt }: CommandHome['context']): Promise<void> {
  return new Promise((resolve) => {
    onInterrupt(resolve);
  });
}

const LOOK_INTERVAL_MS = 1_000;

/** Resolves when there is no such process any more. */
async function untilGone(pid: number, signal: AbortSignal): Promise<'gone' | undefined> {
  while (!signal.aborted) {
    try {
      process.kill(pid, 0);
    } catch {
      return 'gone';
    }
    await pause(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Where the server keeps its data; its directory is made. */
async function dataFile(
  env: CommandHome['context']['env'],
  { dataFile: file, inMemory = false }: ServerOptions,
): Promise<string | undefined> {
  if (inMemory) return undefined;
  const state = env['XDG_STATE_HOME'];
  const base = state === undefined || state === '' ? join(homedir(), '.local', 'state') : state;
  const path = resolve(file ?? join(base, 'mooring', 'temporal.db'));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return path;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('must be a port from 1 to 65535');
  }
  return port;
}
