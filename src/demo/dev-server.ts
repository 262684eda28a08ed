import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.js';
import { startChild } from './child-process.js';
import { freePort } from './free-port.js';
import { findTemporalBinary } from './temporal-binary.js';

/** A Temporal dev server of our own. */
export interface DevServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly namespace: string;
  /** Absent when it runs without its web UI. */
  readonly uiUrl?: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface DevServerOptions {
  readonly namespace?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly uiPort?: number;
  /** With the web UI, unless false. */
  readonly ui?: boolean;
  /** Keeps everything across restarts; without it everything is in memory. */
  readonly databaseFile?: string;
  readonly logFile: string;
}

const START_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 5_000;

/** Kinds of search attributes as the server's command line spells them. */
const ATTRIBUTE_KINDS: Readonly<Record<string, string>> = {
  KEYWORD: 'Keyword',
  KEYWORD_LIST: 'KeywordList',
  INT: 'Int',
};

/** Each setting with its reason; `docker-compose.yml` sets the first as well. */
const DYNAMIC_CONFIG = [
  // 20 polls a second per shard by default: every step would cost 50 ms once the burst is spent.
  'history.transferProcessorMaxPollRPS=2000',
  // New search attributes are usable at once; only right where nothing else runs on the server.
  'system.forceSearchAttributesCacheRefreshOnRead=true',
  // A cancel reaches a running step at once instead of with its next heartbeat.
  'system.enableCancelActivityWorkerCommand=true',
] as const;

/**
 * Starts a dev server, tuned for mooring and with its search attributes, and waits until it answers.
 *
 * @throws NoTemporalBinary, or an Error with the server's last words
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { namespace = 'default', ui = true, databaseFile, logFile } = options;
  const binary = await findTemporalBinary();
  const port = options.port ?? (await freePort());
  const uiPort = ui ? (options.uiPort ?? (await freePort())) : undefined;
  const child = await startChild({
    file: process.execPath,
    args: ['-e', KEEPER, binary, ...serverArguments({ namespace, port, uiPort, databaseFile })],
    logFile,
  });
  const address = `127.0.0.1:${port}`;
  const stop = (): Promise<void> => child.stop({ graceMs: STOP_GRACE_MS });
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(address, namespace))) {
    if (ended || Date.now() > deadline) {
      await stop();
      throw new Error(`The Temporal server did not start at ${address}:\n${await lastWords(logFile)}`);
    }
    await pause(100);
  }
  return {
    address,
    namespace,
    ...(uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` }),
    pid: child.pid,
    stop,
  };
}

/** Runs the server and ends it when our end of its stdin closes, however we died. */
const KEEPER = `
const { spawn } = require('node:child_process');
const [binary, ...args] = process.argv.slice(1);
const server = spawn(binary, args, { stdio: ['ignore', 'inherit', 'inherit'] });
server.on('error', (error) => { console.error(error.message); process.exit(1); });
server.on('exit', (code) => process.exit(code ?? 1));
const end = () => { server.kill('SIGTERM'); setTimeout(() => server.kill('SIGKILL'), 4000).unref(); };
process.on('SIGTERM', end);
process.stdin.on('end', end).resume();
`;

function serverArguments(options: {
  readonly namespace: string;
  readonly port: number;
  readonly uiPort: number | undefined;
  readonly databaseFile: string | undefined;
}): string[] {
  const { namespace, port, uiPort, databaseFile } = options;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...['--namespace', namespace, '--log-level', 'warn'],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(databaseFile === undefined
      ? []
      : [
          ...['--db-filename', databaseFile],
          ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
        ]),
    ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
    ...SEARCH_ATTRIBUTES.flatMap(({ name, type }) => [
      '--search-attribute',
      `${name}=${ATTRIBUTE_KINDS[type] ?? type}`,
    ]),
  ];
}

async function answers(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: 1_000 });
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-10).join('\n');
}
