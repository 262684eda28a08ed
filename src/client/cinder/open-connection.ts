import { CinderFields } from './cinder-fields.js';

/** What a connection says, whatever it was wrapped in. */
export interface OpenConnection {
  /** Fields beside the data: `driver_volume_type`, `enforce_multipath`. */
  readonly outer: CinderFields;
  /** Portals, targets, LUNs, credentials. */
  readonly data: CinderFields;
  /** The volume as the connection names it, or the attachment around it. */
  readonly volumeId: string | undefined;
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
    return { outer: nothing, data: nothing, volumeId: undefined };
  }
  const outer = new CinderFields(values, prefix);
  const data = dataOf(outer, prefix);
  return { outer, data, volumeId: data.text('volume_id') ?? attachedVolume(given) };
}

/** The flat form has all in one. */
function dataOf(outer: CinderFields, prefix: string): CinderFields {
  const data = outer.value('data');
  if (data === undefined) return outer;
  if (isValues(data)) return new CinderFields(data, `${prefix}data.`);
  outer.refuse('data', 'must be an object');
  return outer;
}

function attachedVolume(given: unknown): string | undefined {
  const attachment = isValues(given) ? given['attachment'] : undefined;
  const id = isValues(attachment) ? attachment['volume_id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
