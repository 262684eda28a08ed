import { z } from 'zod';
import { attachRequestSchema } from '../model/attach-request.js';
import { attachResultSchema, detachResultSchema } from '../model/attach-result.js';
import { detachRequestSchema } from '../model/detach-request.js';

/**
 * A JSON Schema as plain data, draft 2020-12.
 *
 * @example
 * ```ts
 * const schema: JsonSchema = jsonSchema('detachRequest');
 * ```
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What callers in other languages send and get: requests as written, results as returned. */
const SCHEMAS = {
  attachRequest: { schema: attachRequestSchema, io: 'input' },
  detachRequest: { schema: detachRequestSchema, io: 'input' },
  attachResult: { schema: attachResultSchema, io: 'output' },
  detachResult: { schema: detachResultSchema, io: 'output' },
} as const;

/** Name of a published schema. */
export type SchemaName = keyof typeof SCHEMAS;

/**
 * All published schemas; each is a file `schemas/<name>.json` of the package.
 *
 * @example
 * ```ts
 * for (const name of SCHEMA_NAMES) publish(name, jsonSchema(name));
 * ```
 */
export const SCHEMA_NAMES = Object.keys(SCHEMAS) as SchemaName[];

/**
 * The JSON Schema of one request or result, from the same source as mooring's own checks. What a
 * schema cannot say (portals, target names, equal paths) is checked by mooring itself.
 *
 * @example
 * ```ts
 * process.stdout.write(JSON.stringify(jsonSchema('attachRequest'), null, 2));
 * ```
 */
export function jsonSchema(name: SchemaName): JsonSchema {
  const { schema, io } = SCHEMAS[name];
  const { $schema, ...rest } = z.toJSONSchema(schema, { io });
  return { $schema, title: name, ...rest };
}
