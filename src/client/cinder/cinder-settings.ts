import { ADDRESSING_MODES, type AddressingMode } from '../../contract/lun.js';
import { wwidKey } from '../../contract/wwid.js';
import type { CinderFields } from './cinder-fields.js';
import type { OpenConnection } from './open-connection.js';

const TRANSPORTS = ['iscsi', 'iser'] as const;
export type CinderTransport = (typeof TRANSPORTS)[number];

/** NAA type 6: names a logical unit, and cannot be mistaken for the WWN of a port. */
const NAA_6 = /^6[0-9a-f]{31}$/;

/** How the volume is reached; os-brick compares it without letter case. */
export function readTransport(outer: CinderFields): CinderTransport | undefined {
  const type = outer.value('driver_volume_type');
  const transport = TRANSPORTS.find(
    (known) => typeof type === 'string' && type.toLowerCase() === known,
  );
  if (transport === undefined) outer.refuse('driver_volume_type', 'must be iscsi or iser');
  return transport;
}

/** mooring names the modes as os-brick does. */
export function readAddressingMode(data: CinderFields): AddressingMode | undefined {
  const mode = data.text('addressing_mode');
  if (mode === undefined) return undefined;
  const known = ADDRESSING_MODES.find((name) => name === mode);
  if (known === undefined) {
    data.refuse('addressing_mode', `must be one of ${ADDRESSING_MODES.join(', ')}`);
  }
  return known;
}

/** Beside the data in the answer of `os-initialize_connection`, in it everywhere else. */
export function readEnforcedMode({
  outer,
  data,
}: OpenConnection): 'required' | 'preferred' | undefined {
  const field = 'enforce_multipath';
  const enforced = (data.value(field) === undefined ? outer : data).flag(field);
  return enforced === undefined ? undefined : enforced ? 'required' : 'preferred';
}

/**
 * Who the volume is, where the driver says so (`wwn`, as Pure Storage does). Taken only in the one
 * form that is sure to be meant: os-brick gave up comparing because drivers wrote other things there.
 */
export function readWwid(data: CinderFields): string | undefined {
  const wwn = data.value('wwn');
  if (typeof wwn !== 'string') return undefined;
  const key = wwidKey(wwn);
  return NAA_6.test(key) ? `3${key}` : undefined;
}
