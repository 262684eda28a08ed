import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.js';
import { startChild, type ChildProcess } from './child-process.js';
import { freePort, requireFreePort } from './free-port.js';
import { ensureTemporalBinary } from './temporal-binary.js';

/** A Temporal dev server of our own. */
export interface DevServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly namespace: string;
  /** Absent when it runs headless. */
  readonly uiUrl?: string;
  readonly pid: number;
  /** Takes about a second; what is not in a database file is lost. */
  stop(): Promise<void>;
}

export interface DevServerOptions {
  /** @default 'default' */
  readonly namespace?: string;
  /** Of the gRPC frontend. @default a free one */
  readonly port?: number;
  /** Of the web UI. @default a free one */
  readonly uiPort?: number;
  /** Without the web UI. @default false */
  readonly headless?: boolean;
  /** SQLite file that outlives the server. @default everything is in memory */
  readonly databaseFile?: string;
  /** Takes the server's output, appended. @default the last lines are kept for a failed start */
  readonly logFile?: string;
  /** @default all of mooring's */
  readonly searchAttributes?: readonly AttributeKey[];
  /** Settings of the server beside ours, `name=value` each. @default none */
  readonly dynamicConfig?: readonly string[];
  /** Told before something that may take a while: the fetch of the server's program. */
  readonly onProgress?: (line: string) => void;
}

/** A search attribute with its type as the SDK writes it: `KEYWORD_LIST`. */
interface AttributeKey {
  readonly name: string;
  readonly type: string;
}

/** Half a second on two idle cores; far above for a busy machine. */
const START_TIMEOUT_MS = 60_000;
const READY_LOOK_MS = 50;
/** The server takes 1.1 s. */
const STOP_GRACE_MS = 5_000;
/** A port that looked free may be taken by the time the server asks for it. */
const PORT_ATTEMPTS_MAX = 3;
const LAST_LINES = 15;

/** Each with its reason; `deploy/compose/dynamic-config.yaml` sets what holds for a real server. */
const DYNAMIC_CONFIG = [
  // The default lets a shard look at its transfer queue 20 times a second. The dev server has one
  // shard, so once the first burst is spent every step costs 50 ms: an attach of four paths takes
  // 446 ms of Temporal's own instead of 85 ms (measured, server 1.32.0).
  'history.transferProcessorMaxPollRPS=2000',
  // New search attributes are usable at once; right only where nothing else runs on the server.
  'system.forceSearchAttributesCacheRefreshOnRead=true',
  // A cancel reaches a running step at once instead of with its next heartbeat.
  'system.enableCancelActivityWorkerCommand=true',
] as const;

/**
 * The server the caller was told to use instead of starting one, by `TEMPORAL_ADDRESS` and
 * `TEMPORAL_NAMESPACE`; `undefined` when there is none. Whether to heed it is the caller's business:
 * tests do not.
 */
export function findExistingServer(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly address: string; readonly namespace: string } | undefined {
  const address = environment['TEMPORAL_ADDRESS'];
  if (address === undefined || address === '') return undefined;
  const namespace = environment['TEMPORAL_NAMESPACE'];
  return {
    address,
    namespace: namespace === undefined || namespace === '' ? 'default' : namespace,
  };
}

/**
 * Starts a Temporal dev server that is tuned for mooring and knows its search attributes, and waits
 * until it answers. It ends with this process, in whatever way that ends.
 *
 * @throws NoTemporalBinary
 * @throws Error when the port is taken
 * @throws Error with the server's last words when it does not come up
 */
export async function startDevServer(options: DevServerOptions = {}): Promise<DevServer> {
  const { namespace = 'default', headless = false, onProgress } = options;
  const binary = await ensureTemporalBinary(onProgress === undefined ? {} : { onProgress });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const uiPort = headless ? undefined : (options.uiPort ?? (await freePort()));
    // Else the server that has the port would answer in the place of ours.
    await requireFreePort(port);
    const output = createOutput(options.logFile);
    const child = await startChild({
      file: binary,
      args: serverArguments({ ...options, namespace, port, uiPort }),
      ...output.to,
    });
    const address = `127.0.0.1:${port}`;
    if (await isReady(child, address, namespace)) {
      return {
        address,
        namespace,
        ...(uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` }),
        pid: child.pid,
        async stop() {
          await child.stop({ graceMs: STOP_GRACE_MS });
        },
      };
    }
    await child.stop({ graceMs: STOP_GRACE_MS });
    const said = await output.lastLines();
    if (attempt < PORT_ATTEMPTS_MAX && said.includes('address already in use')) continue;
    throw new Error(`The Temporal server did not start at ${address}. Its last words:\n${said}`);
  }
}

function serverArguments(options: {
  readonly namespace: string;
  readonly port: number;
  readonly uiPort: number | undefined;
  readonly databaseFile?: string;
  readonly searchAttributes?: readonly AttributeKey[];
  readonly dynamicConfig?: readonly string[];
}): string[] {
  const { namespace, port, uiPort, databaseFile } = options;
  const { searchAttributes = SEARCH_ATTRIBUTES, dynamicConfig = [] } = options;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--namespace', namespace, '--log-level', 'warn', '--color', 'never'],
    // The user's profile is for clients; a mistake in it must not stop the server.
    ...['--disable-config-file', '--disable-config-env'],
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
    // Much faster on files; a killed server loses nothing, a power cut may lose the last moment.
    ...(databaseFile === undefined
      ? []
      : ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal']),
    ...[...DYNAMIC_CONFIG, ...dynamicConfig].flatMap((setting) => [
      '--dynamic-config-value',
      setting,
    ]),
    ...searchAttributes.flatMap((key) => ['--search-attribute', formatAttribute(key)]),
  ];
}

/** As the server's command line wants it: `MooringTargets=KeywordList`. */
function formatAttribute({ name, type }: AttributeKey): string {
  const words = type.toLowerCase().split('_');
  const kind = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `${name}=${kind}`;
}

/** @returns false when the server has ended or the time is up */
async function isReady(child: ChildProcess, address: string, namespace: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const ended = child.exited.then(() => true);
  while (Date.now() < deadline) {
    if (await answers(address, namespace)) return true;
    if (await Promise.race([ended, pause(READY_LOOK_MS, false)])) return false;
  }
  return false;
}

/** The frontend is up and the namespace is there; search attributes are made before either. */
async function answers(address: string, namespace: string): Promise<boolean> {
  // A new one each time: after a refusal a connection waits a second before it tries again.
  const connection = Connection.lazy({ address });
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

/** Where the server's output goes, and what it said last. */
function createOutput(logFile: string | undefined): {
  readonly to: { readonly logFile: string } | { readonly onLine: (line: string) => void };
  lastLines(): Promise<string>;
} {
  if (logFile !== undefined) {
    return {
      to: { logFile },
      async lastLines() {
        const text = await readFile(logFile, 'utf8');
        return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
      },
    };
  }
  const kept: string[] = [];
  return {
    to: {
      onLine(line) {
        kept.push(line);
        if (kept.length > LAST_LINES) kept.shift();
      },
    },
    lastLines: () => Promise.resolve(kept.join('\n')),
  };
}
