import type { AttachDeed, Plan, Timed } from './plan.js';

const ATTACH: Omit<AttachDeed, 'volume' | 'host' | 'requestId' | 'paths' | 'multipath'> = {
  kind: 'attach',
  discovery: false,
  access: 'exclusive',
  expect: 'right',
  onBoot: 'reattach',
  policy: {
    retryPathsMinMs: 200,
    retryPathsMaxMs: 400,
    removalWaitMs: 2_000,
    flushTimeoutMs: 4_000,
  },
};

/**
 * A run in which nothing goes wrong, with everything the oracle looks at: two hosts with an
 * administrator on each, a map and a single device, secrets, a write, a user, a repetition.
 */
export const CALM_PLAN: Plan = {
  seed: 0,
  chap: true,
  hosts: [
    {
      ownTarget: true,
      sharedSession: { target: 'a', portal: 1 },
      record: { target: 'a', portal: 2 },
    },
    { ownTarget: true },
  ],
  volumes: [
    { targets: ['a'], lun: 1, access: 'exclusive' },
    { targets: ['b'], lun: 2, access: 'exclusive' },
    { targets: ['a'], lun: 3, access: 'exclusive' },
  ],
  acts: calmActs(),
};

function calmActs(): Timed[][] {
  const [mapped, single, kept] = [0, 1, 2];
  const host = 0;
  const overMap = [1, 2].map((portal) => ({ target: 'a' as const, portal }));
  const attachMapped: AttachDeed = {
    ...{ ...ATTACH, volume: mapped, host, requestId: 'r0' },
    ...{ paths: overMap, multipath: 'preferred' },
  };
  const attachSingle: AttachDeed = {
    ...{ ...ATTACH, volume: single, host, requestId: 'r1' },
    ...{ paths: [{ target: 'b', portal: 3 }], multipath: 'off' },
  };
  const attachKept: AttachDeed = {
    ...{ ...ATTACH, volume: kept, host, requestId: 'r2' },
    ...{ paths: [{ target: 'a', portal: 0 }], multipath: 'off' },
  };
  const detach = { kind: 'detach', host, mode: 'normal' } as const;
  const verify = { kind: 'verify', volume: kept, host } as const;
  return [
    [
      { atMs: 0, deed: attachMapped },
      { atMs: 0, deed: attachSingle },
      { atMs: 0, deed: attachKept },
    ],
    [
      { atMs: 0, deed: attachMapped },
      { atMs: 0, deed: { kind: 'write', volume: mapped, host } },
      { atMs: 0, deed: { kind: 'write', volume: single, host } },
      { atMs: 0, deed: { kind: 'mount', volume: kept, host, forMs: 10_000 } },
      { atMs: 100, deed: { ...detach, volume: mapped, requestId: 'r3' } },
      { atMs: 100, deed: { ...detach, volume: single, requestId: 'r4' } },
      { atMs: 100, deed: { ...detach, volume: kept, requestId: 'r5', mode: 'force' } },
      // The healing after an act ends the mount.
      { atMs: 5_000, deed: verify },
    ],
    [
      { atMs: 0, deed: { ...attachMapped, host: 1, requestId: 'r6' } },
      { atMs: 0, deed: { ...attachSingle, requestId: 'r7' } },
    ],
  ];
}
