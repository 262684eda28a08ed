/** Writes the JSON Schemas that are committed under `schemas/`; a test holds them to the code. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { jsonSchema, SCHEMA_NAMES } from '../dist/client/json-schemas.js';

const directory = fileURLToPath(new URL('../schemas/', import.meta.url));
await mkdir(directory, { recursive: true });
for (const name of SCHEMA_NAMES) {
  await writeFile(`${directory}${name}.json`, `${JSON.stringify(jsonSchema(name), null, 2)}\n`);
}
