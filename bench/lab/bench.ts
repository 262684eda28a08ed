/**
 * How long attach and detach take on a real kernel, in the lab's guest: mooring against a shell script
 * with the bare tools, a portal that is dead against none, eight volumes at once against one. All cases
 * in turn, medians; on an emulated CPU only ratios within a run mean anything.
 *
 * `npm run bench:lab [-- ROUNDS] [--only TEXT] [--write]`
 */
import { publish } from '../report/page.js';
import { readLabArguments } from './arguments.js';
import { BareTools } from './bare-tools.js';
import { Measurement, type Case } from './measure.js';
import { MooringContender } from './mooring-contender.js';
import { onRealHost } from './on-real-host.js';
import { Results, takeRounds } from './rounds.js';
import { medianTable, ratioTable, type Ratio } from './tables.js';

const ROUNDS = 5;
const VOLUMES = 8;

const healthy = { by: 'mooring', portals: 4, volumes: 1, awaitsAll: false } as const;
const CASES = {
  'mooring, 1 path': { ...healthy, portals: 1, awaitsAll: true },
  'bare tools, 1 path': { ...healthy, by: 'bare tools', portals: 1, awaitsAll: true },
  'mooring, 2 paths': { ...healthy, portals: 2, awaitsAll: true },
  'bare tools, 2 paths': { ...healthy, by: 'bare tools', portals: 2, awaitsAll: true },
  'mooring, all of 4 paths': { ...healthy, awaitsAll: true },
  'bare tools, all of 4 paths': { ...healthy, by: 'bare tools', awaitsAll: true },
  'mooring, 4 healthy portals': healthy,
  'mooring, 1 of 4 portals dropped': { ...healthy, fault: 'dropped' },
  'mooring, 1 of 4 portals resetting': { ...healthy, fault: 'resetting' },
  'mooring, 1 of 4 portals dropped while attached': { ...healthy, fault: 'lost' },
  'mooring, 8 volumes x 4 paths': { ...healthy, volumes: VOLUMES },
  'bare tools, 8 volumes x 4 paths': { ...healthy, by: 'bare tools', volumes: VOLUMES },
} as const satisfies Record<string, Case>;
type Name = keyof typeof CASES;

const RATIOS: readonly Ratio<Name>[] = [
  { of: 'mooring, 1 path', to: 'bare tools, 1 path', attach: 1 },
  { of: 'mooring, 2 paths', to: 'bare tools, 2 paths', attach: 1 },
  { of: 'mooring, all of 4 paths', to: 'bare tools, all of 4 paths', attach: 1, detach: 1.5 },
  {
    of: 'mooring, 1 of 4 portals dropped',
    to: 'mooring, 4 healthy portals',
    attach: 1.1,
    detach: 1.5,
  },
  {
    of: 'mooring, 1 of 4 portals resetting',
    to: 'mooring, 4 healthy portals',
    attach: 1.1,
    detach: 1.5,
  },
  {
    of: 'mooring, 1 of 4 portals dropped while attached',
    to: 'mooring, 4 healthy portals',
    detach: 1.5,
  },
  { of: 'mooring, 8 volumes x 4 paths', to: 'mooring, 4 healthy portals', attach: 2, detach: 2.5 },
  { of: 'bare tools, 8 volumes x 4 paths', to: 'bare tools, all of 4 paths' },
  { of: 'mooring, 8 volumes x 4 paths', to: 'bare tools, 8 volumes x 4 paths' },
];

const { write, ...limits } = readLabArguments({ rounds: ROUNDS });
const results = new Results<Name>();
await onRealHost(
  { volumes: VOLUMES },
  {
    measure: async (host, volumes) => {
      const contenders = {
        mooring: new MooringContender(host),
        'bare tools': new BareTools(host.guest),
      };
      await takeRounds(new Measurement(host, volumes, contenders), CASES, limits, results);
    },
    publish: async ({ complete }) => {
      const names = Object.keys(CASES) as Name[];
      const parts = [medianTable(names, results), ratioTable(RATIOS, results)];
      await publish('bench:lab', parts, { write: write && complete });
    },
  },
);
