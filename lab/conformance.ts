/**
 * `npm run conformance [-- [--simulated | --real] [--markdown FILE] [B-07 ...]]`: runs the scenarios
 * (all, or those of the ids) on the simulated host and on the real kernel, and prints which hold where.
 * Exits with 1 when one fails.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { SCENARIOS, titleOf } from '../test/conformance/run-scenarios.js';
import type { Scenario } from '../test/conformance/scenario.js';
import { asMarkdown, asText, type Row, type Verdict } from './conformance-table.js';

/** Kind of host to the vitest project and the files that run the scenarios on it. */
const KINDS = {
  simulated: {
    project: 'simulator',
    files: [
      'test/conformance/simulator-attach.test.ts',
      'test/conformance/simulator-detach.test.ts',
    ],
  },
  real: { project: 'real', files: ['lab/conformance.test.ts'] },
} as const;
type Kind = keyof typeof KINDS;

const { values, positionals: ids } = parseArgs({
  allowPositionals: true,
  options: {
    simulated: { type: 'boolean', default: false },
    real: { type: 'boolean', default: false },
    markdown: { type: 'string' },
  },
});
const asked = (Object.keys(KINDS) as Kind[]).filter((kind) => values[kind]);
const kinds = asked.length > 0 ? asked : (Object.keys(KINDS) as Kind[]);

/** What is said above the table. */
const INTRODUCTION = `# Conformance

The behaviour mooring has to have, scenario by scenario, and where it was seen to hold: on the simulated
host, and on a real Linux kernel with iscsid, multipathd and LIO in the lab's guest. \`B\` are os-brick's
scenarios, as mooring wants them ([differences.md](differences.md)), \`M\` mooring's own, \`G\` the gates
([gates.md](gates.md)); the limits of os-brick that a scenario stands against are in brackets
([limits.md](limits.md)). Written by \`npm run conformance -- --markdown docs/conformance.md\`.

`;

const verdicts = new Map<Kind, ReadonlyMap<string, Verdict>>();
for (const kind of kinds) verdicts.set(kind, await runOn(kind));
const rows = SCENARIOS.map(titleOf)
  .map((title): Row => ({ ...splitTitle(title), verdicts: ofTitle(title) }))
  .filter((row) => row.verdicts.size > 0);
process.stdout.write(`\n${rows.length === 0 ? 'No scenario was run' : asText(rows, kinds)}\n`);
if (values.markdown !== undefined) {
  await writeFile(values.markdown, INTRODUCTION + asMarkdown(rows, kinds));
}
const isAllWell =
  rows.length > 0 &&
  rows.every(({ verdicts: each }) => kinds.every((kind) => isWell(each.get(kind))));
process.exit(isAllWell ? 0 : 1);

function ofTitle(title: string): ReadonlyMap<Kind, Verdict> {
  const found = new Map<Kind, Verdict>();
  for (const [kind, ends] of verdicts) {
    const end = ends.get(title);
    if (end !== undefined) found.set(kind, end);
  }
  return found;
}

/** Every scenario of the ids by its title. One whose host did not start has failed. */
async function runOn(kind: Kind): Promise<Map<string, Verdict>> {
  const { project, files } = KINDS[kind];
  const pattern = ids.length === 0 ? {} : { testNamePattern: `(?:${ids.join('|')}) ` };
  const vitest = await startVitest('test', [...files], {
    watch: false,
    project,
    reporters: ['verbose'],
    ...pattern,
  });
  const ends = new Map<string, Verdict>();
  for (const module of vitest.state.getTestModules()) {
    for (const test of module.children.allTests()) {
      const { state, ...result } = test.result();
      const note = 'note' in result ? result.note : undefined;
      if (state === 'passed') ends.set(test.name, { kind: 'pass' });
      else if (note !== undefined) ends.set(test.name, { kind: 'cannot', why: note });
      else if (isAskedFor(test.name)) ends.set(test.name, { kind: 'fail' });
    }
  }
  await vitest.close();
  return ends;
}

function isAskedFor(title: string): boolean {
  return ids.length === 0 || ids.includes(splitTitle(title).id);
}

function splitTitle(title: string): Pick<Scenario, 'id' | 'claim'> {
  const split = title.indexOf(' ');
  return { id: title.slice(0, split), claim: title.slice(split + 1) };
}

function isWell(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.kind !== 'fail';
}
