import type { AttachRequestInput } from '../model/attach-request.js';
import type { SimulatorConfig } from '../simulator/process/process-config.js';

const IQN = 'iqn.2026-11.io.example:array1';
const WWID = 'naa.6001405bea237473c2c4f98b14c7c293';
const LUN = 4;
const PORTALS = ['10.0.0.1:3260', '10.0.0.2:3260', '10.0.0.3:3260', '10.0.0.4:3260'] as const;
/** Short, so that the demo need not wait for a portal that is dead anyway. */
const LOGIN_TIMEOUT_MS = 3_000;

/** Who and what plays a part in the demo. */
export interface DemoPlan {
  /** Gets the volume. */
  readonly hostId: string;
  /** Wants it as well. */
  readonly otherHostId: string;
  readonly volumeId: string;
  /** The array's own name of the volume. */
  readonly volumeName: string;
  readonly deadPortal: string;
  readonly portals: readonly string[];
}

/** @param suffix - keeps two demos on one server apart; empty on a server of the demo's own */
export function createPlan(suffix: string): DemoPlan {
  return {
    hostId: `db-17${suffix}`,
    otherHostId: `db-18${suffix}`,
    volumeId: `vol-orders${suffix}`,
    volumeName: 'orders',
    deadPortal: PORTALS[3],
    portals: PORTALS,
  };
}

/** An array with one volume behind four portals, and two hosts in front of it. */
export function simulatedWorld(plan: DemoPlan, socketPath: string): SimulatorConfig {
  return {
    socketPath,
    hosts: [plan.hostId, plan.otherHostId],
    volumes: [{ name: plan.volumeName, wwid: WWID, sizeBytes: 67_108_864 }],
    targets: [{ iqn: IQN, portals: plan.portals }],
    mappings: [{ iqn: IQN, lun: LUN, volume: plan.volumeName }],
  };
}

export function attachRequest(plan: DemoPlan, hostId: string): AttachRequestInput {
  return {
    volumeId: plan.volumeId,
    hostId,
    connection: { paths: plan.portals.map((portal) => ({ portal, iqn: IQN, lun: LUN })) },
    policy: { loginTimeoutMs: LOGIN_TIMEOUT_MS },
    requestedBy: 'mooring demo',
  };
}
