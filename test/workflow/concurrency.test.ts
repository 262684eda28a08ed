import { afterAll, beforeAll, expect, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { HostSnapshot } from '../../src/simulator/observation.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';
import { injectedServer } from '../support/injected-server.js';
import { Fleet, VOLUME_BYTES, type FleetHost } from '../support/in-process-fleet.js';

const PATIENCE = { withinMs: 60_000 };
/** Volumes of one target, then targets of one volume each; the last target is the dead one. */
const SHARED = 16;
const SEPARATE = 14;
const ON_DEAD_TARGET = 2;
const ALL = SHARED + SEPARATE + ON_DEAD_TARGET;
const DEAD_TARGET = SEPARATE + 1;

let fleet: Fleet;
let mooring: MooringClient;
beforeAll(async () => {
  fleet = await Fleet.start(injectedServer());
  mooring = new MooringClient(fleet.client);
});
afterAll(async () => {
  await fleet.stop();
});

function portalsOf(target: number): string[] {
  return [1, 2].map((portal) => `10.7.${target}.${portal}:3260`);
}

/** A volume on a target with two portals of its own. */
function addVolume(target: number, lun: number, host: FleetHost): AttachRequestInput {
  const iqn = `iqn.2026-11.io.example:target${target}`;
  const portals = portalsOf(target);
  if (lun === 1) fleet.array.addTarget({ iqn, portals });
  const volumeId = `vol-${target}-${lun}-of-${host.hostId}`;
  const number = String(target * 100 + lun).padStart(25, '0');
  fleet.array.addVolume({ name: volumeId, wwid: `naa.6001405${number}`, sizeBytes: VOLUME_BYTES });
  fleet.array.mapLun({ iqn, lun, volume: volumeId });
  return {
    volumeId,
    hostId: host.hostId,
    connection: { paths: portals.map((portal) => ({ portal, iqn, lun })) },
    // What is measured is who waits for whom, not how busy the machine is.
    policy: { loginTimeoutMs: 30_000, hostWaitMs: 120_000, deadlineMs: 600_000 },
  };
}

/** How often each thing is there; more than once is one too many. */
function twice(things: readonly string[]): string[] {
  return things.filter((thing, index) => things.indexOf(thing) !== index);
}

function sessionsOf({ sessions }: HostSnapshot): string[] {
  return sessions.map(({ targetIqn, portal }) => `${targetIqn} at ${portal}`);
}

test(
  '32 volumes come and go at once: one session a portal, every LUN, and no wait for a dead target',
  { timeout: 240_000 },
  async () => {
    const mended = new Gate();
    const deadPortals = portalsOf(DEAD_TARGET);
    const host = fleet.addHostWithoutWorker();
    const { network, control } = host.simulated;
    // Nobody answers at the dead target, for as long as it takes.
    const knock = async (portal: string, timeoutMs: number): ReturnType<typeof network.knock> => {
      if (deadPortals.includes(portal)) await mended.passed;
      return network.knock(portal, timeoutMs);
    };
    await host.startWorker({ network: { knock } });
    const before = await control.snapshot();
    const on = (target: number, volumes: number): AttachRequestInput[] =>
      Array.from({ length: volumes }, (_, index) => addVolume(target, index + 1, host));
    const stuck = on(DEAD_TARGET, ON_DEAD_TARGET);
    const others = [
      ...on(0, SHARED),
      ...Array.from({ length: SEPARATE }, (_, index) => on(index + 1, 1)).flat(),
    ];

    const waiting = Promise.all(stuck.map((request) => mooring.attach(request)));
    await eventually(async () => {
      expect(await startedLogins(stuck)).toBe(stuck.length * deadPortals.length);
    }, PATIENCE);
    const results = await Promise.all(others.map((request) => mooring.attach(request)));

    // All others are attached, and those of the dead target have not got past its portals.
    expect(results.map(({ state }) => state)).toEqual(Array(others.length).fill('attached'));
    expect(await startedLogins(stuck)).toBe(stuck.length * deadPortals.length);
    mended.open();
    results.push(...(await waiting));

    const up = await control.snapshot();
    expect(results.flatMap(({ paths }) => paths.map(({ state }) => state))).toEqual(
      Array(2 * ALL).fill('present'),
    );
    expect(sessionsOf(up)).toHaveLength(2 * (SEPARATE + 2));
    expect(twice(sessionsOf(up))).toEqual([]);
    expect(up.scsiDevices).toHaveLength(2 * ALL);
    expect(up.maps).toHaveLength(ALL);
    expect(twice(results.map(({ device }) => device))).toEqual([]);
    expect(up.maps.map(({ slaves }) => slaves.length)).toEqual(Array(ALL).fill(2));

    const detached = await Promise.all(
      [...others, ...stuck].map(({ volumeId, hostId }) => mooring.detach({ volumeId, hostId })),
    );

    expect(detached.map(({ wasAttached }) => wasAttached)).toEqual(Array(ALL).fill(true));
    expect(await control.snapshot()).toEqual(before);
  },
);

/** Logins of these volumes that a host has begun and not ended. */
async function startedLogins(requests: readonly AttachRequestInput[]): Promise<number> {
  const histories = await Promise.all(requests.map(({ volumeId }) => mooring.history(volumeId)));
  return histories
    .flat()
    .filter(({ step, outcome }) => step === 'ensureSession' && outcome === 'running').length;
}
