import type { GateEvidence } from '../model/steps.js';
import type { ScsiDeviceFact } from './facts.js';

/**
 * A check that must hold before something is done that cannot be taken back. Pure: it judges facts that
 * were read before, says in one sentence what was seen, and fails when a fact is missing. What cannot
 * be read never becomes a fact: the look throws, and nothing is judged at all.
 */
export interface Gate<Name extends string = string> extends GateEvidence {
  readonly gate: Name;
}

export function passed<Name extends string>(gate: Name, evidence: string): Gate<Name> {
  return { gate, passed: true, evidence };
}

export function failed<Name extends string>(gate: Name, evidence: string): Gate<Name> {
  return { gate, passed: false, evidence };
}

/** The gates that are shut. */
export function failedGates<Result extends GateEvidence>(results: readonly Result[]): Result[] {
  return results.filter((result) => !result.passed);
}

export function nameAll(devices: readonly ScsiDeviceFact[]): string {
  return devices.length === 0 ? 'none' : devices.map(nameOf).join(', ');
}

export function nameOf(device: ScsiDeviceFact): string {
  return device.block === undefined ? device.hctl : `${device.block} (${device.hctl})`;
}

export function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : [...names].sort().join(', ');
}
