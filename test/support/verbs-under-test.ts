import { createVerbs } from '../../src/privileged/create-verbs.js';
import type { PrivilegedVerbs } from '../../src/privileged/verbs.js';
import type { MemoryFileTree } from './memory-file-tree.js';
import { ScriptedRunner } from './scripted-runner.js';
import { emptyHost } from './sysfs-builder.js';

const SECRETS: Readonly<Record<string, string>> = {
  'file:out': 'marker-secret-out',
  'file:in': 'marker-secret-in',
};

export interface VerbsUnderTest {
  readonly host: MemoryFileTree;
  readonly runner: ScriptedRunner;
  readonly verbs: PrivilegedVerbs;
}

/** The verbs over a host in memory and commands that do what a test says. */
export function verbsUnderTest(): VerbsUnderTest {
  const host = emptyHost();
  const runner = new ScriptedRunner();
  const secrets = {
    resolve: async (reference: string): Promise<string> =>
      Promise.resolve(SECRETS[reference] ?? ''),
  };
  return { host, runner, verbs: createVerbs({ runner, files: host, writer: host, secrets }) };
}
