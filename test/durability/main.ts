/**
 * `npm run durability [-- --lanes N] [-- 'detach flushDevice' worker-after …]`: kills, stops, cancels
 * and reboots whatever can be, at every step of every operation, and judges what is left. With words,
 * only the cells whose name (operation, step, fault) holds one of them. Exits with 1 when one is wrong.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Matrix } from './matrix.js';
import { asTable, summary } from './report.js';
import { Stage } from './stage.js';

/** Most of a cell is waiting: several hosts per core. */
const LANES_PER_CORE = 4;
/** A host on which something went wrong is not used again. */
const SPARE_HOSTS = 200;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { lanes: { type: 'string' } },
});
const lanes = Number(values.lanes ?? LANES_PER_CORE * availableParallelism());
const begin = performance.now();
const stage = await Stage.start({ hosts: lanes + SPARE_HOSTS });
let isAllWell = false;
try {
  const outcome = await new Matrix(stage, say).run(lanes, ({ operation, step, fault }) => {
    const name = `${operation.name} ${step} ${fault.name}`;
    return words.length === 0 || words.some((word) => name.includes(word));
  });
  say(`\n${asTable(outcome)}\n`);
  const { text, isWell } = summary(outcome, (performance.now() - begin) / 1_000);
  say(text);
  isAllWell = isWell;
} finally {
  await stage.stop({ keepLogs: !isAllWell });
  if (!isAllWell) say(`The logs are kept in ${stage.directory}`);
}
process.exitCode = isAllWell ? 0 : 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
