import { expect } from 'vitest';
import type { CommandEnd, HostUnderTest } from '../host-under-test.js';

/** A portal of a target, as an administrator types it. */
export interface TypedNode {
  readonly iqn: string;
  readonly portal: string;
  readonly iface?: string;
}

/** What an administrator does by hand on the same host, with open-iscsi's own tool. */
export class Administrator {
  private readonly host: HostUnderTest;

  constructor(host: HostUnderTest) {
    this.host = host;
  }

  /** Makes a node record and sets it; every command must go well. */
  async makeRecord(
    node: TypedNode,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.node({ iface: 'default', ...node }, '-o', 'new');
    for (const [name, value] of Object.entries(settings)) {
      await this.node(node, '-o', 'update', '-n', name, '-v', value);
    }
  }

  /** Makes a record and logs in with it. */
  async logIn(node: TypedNode, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.makeRecord(node, settings);
    await this.node(node, '--login');
  }

  /** Logs in with a record that is there. */
  async logInBy(node: TypedNode): Promise<void> {
    await this.node(node, '--login');
  }

  /** Ends session and record again. */
  async logOut(node: TypedNode): Promise<void> {
    await this.node(node, '--logout');
    await this.deleteRecord(node);
  }

  async deleteRecord(node: TypedNode): Promise<void> {
    await this.node(node, '-o', 'delete');
  }

  /** The text of the one node record of a portal. */
  async record({ iqn, portal }: TypedNode): Promise<string> {
    const { nodeRecords } = await this.host.hostState();
    const { address, port } = splitPortal(portal);
    const found = nodeRecords.filter(({ path }) => path.includes(`/${iqn}/${address},${port}`));
    expect(found.map(({ path }) => path)).toHaveLength(1);
    return (await this.host.readFile(found[0]?.path ?? '')) ?? '';
  }

  private async node({ iqn, portal, iface }: TypedNode, ...args: string[]): Promise<CommandEnd> {
    const bound = iface === undefined ? [] : ['-I', iface];
    const end = await this.host.run('iscsiadm', [
      ...['-m', 'node', '-T', iqn, '-p', portal],
      ...bound,
      ...args,
    ]);
    if (end.exitCode !== 0) {
      throw new Error(`iscsiadm ${args.join(' ')} at ${portal}: ${end.exitCode} ${end.stderr}`);
    }
    return end;
  }
}

/** `[FD00::7]:3260` as open-iscsi names files by it: without brackets. */
export function splitPortal(portal: string): { address: string; port: string } {
  const split = portal.lastIndexOf(':');
  return {
    address: portal.slice(0, split).replace(/^\[|\]$/g, ''),
    port: portal.slice(split + 1),
  };
}

/** The value of a setting in a record's text. */
export function settingOf(record: string, name: string): string | undefined {
  const line = record.split('\n').find((each) => each.startsWith(`${name} = `));
  return line?.slice(name.length + ' = '.length);
}
