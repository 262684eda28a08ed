/**
 * mooring, Debian's os-brick and the bare tools in turn: same kernel, same target, same minutes. On an
 * emulated CPU only ratios within a run mean anything.
 *
 * `npm run bench:peer [-- ROUNDS] [--slow ROUNDS] [--only TEXT] [--write]`
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readLabArguments } from '../lab/arguments.js';
import { BareTools } from '../lab/bare-tools.js';
import { Measurement, type Case } from '../lab/measure.js';
import { MooringContender } from '../lab/mooring-contender.js';
import { onRealHost } from '../lab/on-real-host.js';
import { Results, takeRounds } from '../lab/rounds.js';
import { medianTable, ratioTable, type Ratio } from '../lab/tables.js';
import { publish } from '../report/page.js';
import { OS_BRICK_PACKAGES, OsBrick } from './os-brick.js';
import { plotMedians, type PlotRow } from './plot.js';
import { sharesTable, workTable } from './shares.js';
import { WatchedMooring, type Watched } from './watched-mooring.js';

const ROUNDS = 5;
const VOLUMES = 8;
const PLOT = fileURLToPath(new URL('../../docs/performance-peer.svg', import.meta.url));

const { slowRounds, write, ...limits } = readLabArguments({ rounds: ROUNDS });

const one = { portals: 4, volumes: 1, awaitsAll: false } as const;
const CASES = {
  'mooring, 1 path': { ...one, by: 'mooring', portals: 1 },
  'os-brick, 1 path': { ...one, by: 'os-brick', portals: 1 },
  'bare tools, 1 path': { ...one, by: 'bare tools', portals: 1 },
  'mooring, 2 paths': { ...one, by: 'mooring', portals: 2 },
  'os-brick, 2 paths': { ...one, by: 'os-brick', portals: 2 },
  'bare tools, 2 paths': { ...one, by: 'bare tools', portals: 2 },
  'mooring, 4 paths': { ...one, by: 'mooring' },
  'os-brick, 4 paths': { ...one, by: 'os-brick' },
  'mooring, 4 paths, all awaited': { ...one, by: 'mooring', awaitsAll: true },
  'bare tools, 4 paths, all awaited': { ...one, by: 'bare tools', awaitsAll: true },
  'mooring, 1 of 4 portals dropped': { ...one, by: 'mooring', fault: 'dropped' },
  'os-brick, 1 of 4 portals dropped': {
    ...one,
    by: 'os-brick',
    fault: 'dropped',
    // It leaves the login to iscsid's own retries: two minutes each.
    rounds: slowRounds,
  },
  'mooring, 8 volumes x 4 paths': { ...one, by: 'mooring', volumes: VOLUMES },
  'os-brick, 8 volumes x 4 paths': { ...one, by: 'os-brick', volumes: VOLUMES },
  'bare tools, 8 volumes x 4 paths': { ...one, by: 'bare tools', volumes: VOLUMES },
} as const satisfies Record<string, Case>;
type Name = keyof typeof CASES;

const RATIOS: readonly Ratio<Name>[] = [
  { of: 'mooring, 1 path', to: 'os-brick, 1 path' },
  { of: 'mooring, 1 path', to: 'bare tools, 1 path' },
  { of: 'mooring, 2 paths', to: 'os-brick, 2 paths' },
  { of: 'mooring, 2 paths', to: 'bare tools, 2 paths' },
  { of: 'mooring, 4 paths', to: 'os-brick, 4 paths', attach: 0.5, detach: 0.5 },
  { of: 'mooring, 4 paths, all awaited', to: 'bare tools, 4 paths, all awaited', attach: 1 },
  { of: 'mooring, 1 of 4 portals dropped', to: 'mooring, 4 paths', attach: 1.1 },
  { of: 'mooring, 1 of 4 portals dropped', to: 'os-brick, 1 of 4 portals dropped' },
  { of: 'mooring, 8 volumes x 4 paths', to: 'os-brick, 8 volumes x 4 paths', attach: 0.25 },
  { of: 'mooring, 8 volumes x 4 paths', to: 'bare tools, 8 volumes x 4 paths' },
];

/** Rows of the plot, and who has which place in them. */
const PLOTTED: readonly { readonly title: string; readonly names: readonly Name[] }[] = [
  { title: '1 path', names: ['mooring, 1 path', 'os-brick, 1 path', 'bare tools, 1 path'] },
  { title: '2 paths', names: ['mooring, 2 paths', 'os-brick, 2 paths', 'bare tools, 2 paths'] },
  {
    title: '4 paths',
    names: ['mooring, 4 paths', 'os-brick, 4 paths', 'bare tools, 4 paths, all awaited'],
  },
  {
    title: '1 of 4 portals dropped',
    names: ['mooring, 1 of 4 portals dropped', 'os-brick, 1 of 4 portals dropped'],
  },
  {
    title: '8 volumes x 4 paths at once',
    names: [
      'mooring, 8 volumes x 4 paths',
      'os-brick, 8 volumes x 4 paths',
      'bare tools, 8 volumes x 4 paths',
    ],
  },
];

const results = new Results<Name>();
let watched: readonly Watched[] = [];
let peerVersion = '';
await onRealHost(
  {
    volumes: VOLUMES,
    packages: OS_BRICK_PACKAGES,
    // For the shares: each command has its line.
    workerSettings: { MOORING_LOG_LEVEL: 'debug' },
  },
  {
    measure: async (host, volumes) => {
      const { guest } = host;
      const osBrick = await OsBrick.start(guest);
      peerVersion = await osBrick.version();
      const mooring = await WatchedMooring.start(new MooringContender(host), guest);
      watched = mooring.watched;
      const contenders = { mooring, 'os-brick': osBrick, 'bare tools': new BareTools(guest) };
      await takeRounds(new Measurement(host, volumes, contenders), CASES, limits, results);
    },
    publish: publishAll,
  },
);

async function publishAll({ complete }: { readonly complete: boolean }): Promise<void> {
  const names = Object.keys(CASES) as Name[];
  const parts = [
    '![Attach and detach by mooring, os-brick and the bare tools](performance-peer.svg)',
    `os-brick is Debian's python3-os-brick ${peerVersion}.`,
    medianTable(names, results),
    ratioTable(RATIOS, results),
    sharesTable(watched),
    workTable(watched, 'mooring, 4 paths'),
  ];
  await publish('bench:peer', parts, { write: write && complete });
  if (write && complete) await writeFile(PLOT, plotMedians(plotRows()));
}

function plotRows(): PlotRow[] {
  return PLOTTED.map(({ title, names }) => ({
    title,
    places: names.map((name) => ({
      by: CASES[name].by,
      attachMs: results.of(name, 'attachMs'),
      detachMs: results.of(name, 'detachMs'),
    })),
  }));
}
