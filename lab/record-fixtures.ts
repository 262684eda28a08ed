/**
 * `node --import tsx lab/record-fixtures.ts [PART...]`: asks the real tools and the real kernel in the
 * guest, and rewrites `test/fixtures` with what they say. Without arguments, all parts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuest } from './guest.js';
import { FixtureWriter, say } from './record/fixture-writer.js';
import { recordDiscovery } from './record/record-discovery.js';
import { recordFlushes, recordSilentRemovals } from './record/record-dead-paths.js';
import { recordMaps, timeMapRecipes } from './record/record-multipath.js';
import {
  recordCommands,
  recordFailedLogins,
  recordNodeRecords,
  recordParallelLogins,
} from './record/record-open-iscsi.js';
import { recordIfaces } from './record/record-ifaces.js';
import { recordLostSession } from './record/record-lost-session.js';
import { recordFriendlyNames, recordSettings } from './record/record-settings.js';
import { recordScans, recordSysfs } from './record/record-sysfs.js';
import { RecordingHost } from './record/recording-host.js';

const TIMED_ROUNDS = 3;

type Part = (host: RecordingHost, fixtures: FixtureWriter) => Promise<void>;

const PARTS: Readonly<Record<string, Part>> = {
  'node-records': recordNodeRecords,
  sysfs: recordSysfs,
  commands: recordCommands,
  maps: recordMaps,
  'map-recipes': (host) => timeMapRecipes(host, TIMED_ROUNDS),
  scans: recordScans,
  'failed-logins': recordFailedLogins,
  discovery: recordDiscovery,
  settings: recordSettings,
  'friendly-names': recordFriendlyNames,
  ifaces: recordIfaces,
  'lost-session': recordLostSession,
  'parallel-logins': (host) => recordParallelLogins(host, TIMED_ROUNDS),
  flushes: recordFlushes,
  'silent-removals': recordSilentRemovals,
};

const asked = process.argv.slice(2);
const runDirectory = await mkdtemp(join(tmpdir(), 'mooring-lab-'));
const guest = await startGuest({ runDirectory });
try {
  const host = new RecordingHost(guest);
  await host.createTarget();
  const fixtures = new FixtureWriter(guest);
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    say(`\n== ${name}`);
    await part(host, fixtures).catch((error: unknown) => {
      process.exitCode = 1;
      say(`${name} failed: ${String(error)}`);
    });
  }
} finally {
  await guest.stop();
  await rm(runDirectory, { recursive: true, force: true });
}
