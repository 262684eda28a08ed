import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandResult, Guest } from '../guest.js';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures');
const TREE_TIMEOUT_MS = 60_000;
/** Left out of a listing of sysfs: nothing in there says what a device is or who uses it. */
const NOISE = [
  '/(power|queue|mq|trace|integrity|statistics|bdi|inflight|stat|uevent|diskseq|events.*)$',
  '/(subsystem|bsg|driver|firmware_node)$',
];

export type FixtureDirectory = 'linux-6.1' | 'multipath-tools-0.9.4' | 'open-iscsi-2.1.8';

/** Runs cases in the guest and keeps what the real tools and the real kernel say, one file a case. */
export class FixtureWriter {
  private readonly guest: Guest;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** One command with its exit code and output, as JSON. */
  async command(
    directory: FixtureDirectory,
    name: string,
    {
      when,
      argv,
      timeoutMs = 60_000,
    }: { readonly when: string; readonly argv: readonly string[]; readonly timeoutMs?: number },
  ): Promise<CommandResult> {
    const result = await this.guest.run(argv, { timeoutMs });
    const { code, stdout, stderr, timedOut, durationMs } = result;
    const kept = { when, argv, code, ...(timedOut ? { timedOut } : {}), stdout, stderr };
    await save(directory, `${name}.json`, `${JSON.stringify(kept, null, 2)}\n`);
    say(`${name}: exit ${String(code)}${timedOut ? ' (timed out)' : ''}, ${String(durationMs)} ms`);
    return result;
  }

  /** A file as it is, below a line that says where it comes from. */
  async file(
    directory: FixtureDirectory,
    name: string,
    { when, path }: { readonly when: string; readonly path: string },
  ): Promise<void> {
    const contents = await this.guest.readFile(path);
    await save(directory, `${name}.txt`, `# ${when}: ${path}\n${contents}`);
    say(name);
  }

  /** Names, kinds and modes below some directories. */
  async layout(
    directory: FixtureDirectory,
    name: string,
    { when, roots }: { readonly when: string; readonly roots: readonly string[] },
  ): Promise<void> {
    const find = `find ${roots.join(' ')} -printf '%y %m %p %l\\n' 2>/dev/null | sort -k 3 || true`;
    const listing = await this.guest.script(find);
    const lines = listing.split('\n').map((line) => line.trimEnd());
    await save(directory, `${name}.txt`, `# ${when}: kind, mode, path\n${lines.join('\n')}\n`);
    say(`${name}\n${lines.join('\n')}`);
  }

  /** Everything in sysfs (and of udev's links) an attachment has to do with. */
  async sysfs(name: string, when: string): Promise<void> {
    const listed = ['iscsi_session', 'iscsi_connection', 'iscsi_host', 'scsi_host', 'scsi_device'];
    const hosts = await this.guest.script(
      `for link in /sys/class/iscsi_host/*; do [ ! -e "$link" ] || readlink -f "$link/device"; done`,
    );
    const roots = [
      ...listed.map((name_) => ({ path: `/sys/class/${name_}`, depth: 1 })),
      ...['/sys/block', '/dev/disk/by-id', '/dev/mapper'].map((path) => ({ path, depth: 1 })),
      ...hosts
        .split('\n')
        .filter((path) => path !== '')
        .map((path) => ({ path, depth: 12 })),
      ...(await this.mapDirectories()).map((path) => ({ path, depth: 3 })),
    ];
    const tree = await this.guest.ask<{ lines: string[] }>(
      'fileTree',
      { roots, skip: NOISE },
      TREE_TIMEOUT_MS,
    );
    await save('linux-6.1', `${name}.txt`, `# ${when}\n${tree.lines.join('\n')}\n`);
    say(`${name}: ${String(tree.lines.length)} entries`);
  }

  private async mapDirectories(): Promise<string[]> {
    const found = await this.guest.script(
      'ls -d /sys/devices/virtual/block/dm-* 2>/dev/null || true',
    );
    return found.split('\n').filter((path) => path !== '');
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function save(directory: FixtureDirectory, name: string, contents: string): Promise<void> {
  const path = join(FIXTURES, directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
