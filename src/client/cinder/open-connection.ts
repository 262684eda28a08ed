import { CinderFields } from './cinder-fields.js';

/** What a connection says, whatever it was wrapped in. */
export interface OpenConnection {
  /** Fields beside the data: `driver_volume_type`, `enforce_multipath`. */
  readonly outer: CinderFields;
  /** Portals, targets, LUNs, credentials. */
  readonly data: CinderFields;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * Takes a connection out of the forms in which Cinder hands it on: `{driver_volume_type, data}` of a
 * driver, the flat form of the attachments API, and the answers of both APIs as they are
 * (`{connection_info}`, `{attachment: {connection_info}}`).
 */
export function openConnection(given: unknown): OpenConnection {
  let prefix = '';
  let values = given;
  for (const wrapper of ['attachment', 'connection_info']) {
    if (!isValues(values) || !isValues(values[wrapper])) continue;
    values = values[wrapper];
    prefix += `${wrapper}.`;
  }
  if (!isValues(values)) {
    const nothing = new CinderFields({}, prefix);
    nothing.problems.push({ field: 'the connection', problem: 'must be an object' });
    return { outer: nothing, data: nothing };
  }
  const outer = new CinderFields(values, prefix);
  if (values['data'] === undefined) return { outer, data: outer };
  if (isValues(values['data'])) {
    return { outer, data: new CinderFields(values['data'], `${prefix}data.`) };
  }
  outer.refuse('data', 'must be an object');
  return { outer, data: outer };
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
