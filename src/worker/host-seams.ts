import type { FileTree } from '../host/file-tree.js';
import type { PortalNetwork } from '../host/portal-network.js';
import type { CommandRunner } from '../privileged/command-runner.js';
import { ExecaRunner } from '../privileged/execa-runner.js';
import type { FileWriter } from '../privileged/file-writer.js';
import { NodeFileTree } from '../privileged/node-file-tree.js';
import { NodeFileWriter } from '../privileged/node-file-writer.js';
import { TcpNetwork } from './tcp-network.js';

/** The seams of one host (design 3), and how to let go of them. */
export interface HostSeams {
  readonly runner: CommandRunner;
  readonly files: FileTree;
  readonly writer: FileWriter;
  readonly network: PortalNetwork;
  close(): void;
}

/** The machine this process runs on. */
export function openThisMachine(): HostSeams {
  return {
    runner: new ExecaRunner(),
    files: new NodeFileTree(),
    writer: new NodeFileWriter(),
    network: new TcpNetwork(),
    close: () => undefined,
  };
}
