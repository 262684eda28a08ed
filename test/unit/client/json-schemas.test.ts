import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonSchema, SCHEMA_NAMES } from '../../../src/client/json-schemas.js';

const DIRECTORY = new URL('../../../schemas/', import.meta.url);

describe('the published JSON Schemas', () => {
  test.each(SCHEMA_NAMES)('%s is current: `npm run schemas` writes it anew', (name) => {
    const published = readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8');
    expect(JSON.parse(published)).toEqual(jsonSchema(name));
  });

  test('are all there is', () => {
    const files = readdirSync(DIRECTORY);
    expect(files.sort()).toEqual(SCHEMA_NAMES.map((name) => `${name}.json`).sort());
  });

  test('of a request let defaulted fields be absent, and no others be present', () => {
    expect(jsonSchema('attachRequest')).toMatchObject({
      required: ['volumeId', 'hostId', 'connection'],
      additionalProperties: false,
    });
  });
});
