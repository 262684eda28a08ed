import type { FileTree } from '../host/file-tree.js';
import type { CommandRunner } from '../privileged/command-runner.js';
import { ExecaRunner } from '../privileged/execa-runner.js';
import type { FileWriter } from '../privileged/file-writer.js';
import { NodeFileTree } from '../privileged/node-file-tree.js';
import { NodeFileWriter } from '../privileged/node-file-writer.js';

/** The two seams of one host (design 3), and how to let go of them. */
export interface HostSeams {
  readonly runner: CommandRunner;
  readonly files: FileTree;
  readonly writer: FileWriter;
  close(): void;
}

/** The machine this process runs on. */
export function openThisMachine(): HostSeams {
  return {
    runner: new ExecaRunner(),
    files: new NodeFileTree(),
    writer: new NodeFileWriter(),
    close: () => undefined,
  };
}
