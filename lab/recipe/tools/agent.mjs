/**
 * Runs in the guest: `node agent.mjs PORT`. Takes orders as JSON lines from a virtio-serial port and
 * answers each with one line, in the order they finish.
 *
 * Needs no network and nothing but Node, so it works whatever a test does to the guest.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout, clearTimeout } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { hostSnapshot } from './host-snapshot.mjs';
import { fileTree } from './file-tree.mjs';

/** What a background child of a finished command may keep its output open for. */
const DRAIN_MS = 250;
/** A killed command may sit in uninterruptible sleep; the answer does not wait for it. */
const KILLED_MS = 1_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 65_536;
const RECONNECT_MS = 20;

const ENVIRONMENT = {
  PATH: '/opt/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};

/** Name to what is known of a process started in the background. */
const daemons = new Map();

const ORDERS = {
  run,
  readFile: async ({ path }) => ({ base64: (await readFile(path)).toString('base64') }),
  writeFile: writeWholeFile,
  startDaemon,
  signalDaemon,
  daemonState: ({ name }) => {
    const { pid, exit } = requireDaemon(name);
    return { pid, exit };
  },
  hostSnapshot,
  fileTree,
};

function run({ argv, timeoutMs, input, env, cwd }) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const [program, ...args] = argv;
    // A group of its own, so that a timeout reaches what the command has started.
    const child = spawn(program, args, {
      detached: true,
      cwd: cwd ?? '/',
      env: { ...ENVIRONMENT, ...env },
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    let exit;
    let answered = false;
    const answer = () => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      resolve({
        code: exit?.code ?? null,
        signal: exit?.signal ?? null,
        stdout: stdout(),
        stderr: stderr(),
        timedOut,
        durationMs: Math.round(performance.now() - started),
      });
    };
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, 'SIGKILL');
      setTimeout(answer, KILLED_MS);
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code, signal) => {
      exit = { code, signal };
      setTimeout(answer, DRAIN_MS);
    });
    child.on('close', answer);
    // A command that ends without reading its input closes the pipe under us.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

function collect(stream) {
  const chunks = [];
  let bytes = 0;
  stream.on('data', (chunk) => {
    if (bytes < OUTPUT_LIMIT_BYTES) chunks.push(chunk);
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}

async function writeWholeFile({ path, base64, mode }) {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.draft`;
  await writeFile(draft, Buffer.from(base64, 'base64'), { mode });
  await rename(draft, path);
  return {};
}

async function startDaemon({ name, argv, env, cwd, outputFile }) {
  const earlier = daemons.get(name);
  if (earlier !== undefined && earlier.exit === undefined) throw new Error(`${name} runs already`);
  await mkdir(dirname(outputFile), { recursive: true });
  const output = await open(outputFile, 'a');
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    cwd: cwd ?? '/',
    env: { ...ENVIRONMENT, ...env },
    stdio: ['ignore', output.fd, output.fd],
  });
  const daemon = { pid: child.pid, exit: undefined };
  daemons.set(name, daemon);
  child.on('exit', (code, signal) => {
    daemon.exit = { code, signal };
  });
  await new Promise((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', reject);
  });
  await output.close();
  return { pid: daemon.pid };
}

/** Only the process itself, as the kernel's OOM killer would; with `group`, all it started too. */
function signalDaemon({ name, signal, group }) {
  const { pid, exit } = requireDaemon(name);
  if (group) signalGroup(pid, signal);
  else if (exit === undefined) process.kill(pid, signal);
  return {};
}

function requireDaemon(name) {
  const daemon = daemons.get(name);
  if (daemon === undefined) throw new Error(`no daemon is named ${name}`);
  return daemon;
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const [portPath] = process.argv.slice(2);
// The kernel lets a port be opened once: orders and answers share the descriptor.
const port = await open(portPath, 'r+');
let answered = Promise.resolve();

function send(message) {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  answered = answered.then(async () => {
    for (let sent = 0; sent < line.length;) {
      const { bytesWritten } = await port.write(line, sent);
      sent += bytesWritten;
    }
  });
}

async function obey(line) {
  const { id, order, input } = JSON.parse(line);
  try {
    if (!Object.hasOwn(ORDERS, order)) throw new Error(`there is no order ${order}`);
    send({ id, result: await ORDERS[order](input) });
  } catch (error) {
    send({ id, error: { message: error.message, code: error.code } });
  }
}

send({ ready: { bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() } });
let pending = Buffer.alloc(0);
const chunk = Buffer.alloc(READ_BYTES);
for (;;) {
  const { bytesRead } = await port.read(chunk, 0, READ_BYTES, null);
  // Nothing is read, at once, as long as nobody listens outside.
  if (bytesRead === 0) await pause(RECONNECT_MS);
  pending = Buffer.concat([pending, chunk.subarray(0, bytesRead)]);
  for (let end = pending.indexOf(10); end !== -1; end = pending.indexOf(10)) {
    void obey(pending.subarray(0, end).toString());
    pending = pending.subarray(end + 1);
  }
}
