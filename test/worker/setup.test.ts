import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.js';
import { setUpNamespace, type ServerServices } from '../../src/worker/setup.js';

const NAMES = SEARCH_ATTRIBUTES.map(({ name }) => name);
/** `INDEXED_VALUE_TYPE_TEXT`. */
const TEXT = 1;

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});

afterAll(async () => {
  await connection.close();
});

function freshNamespace(): string {
  return `set-up-${randomUUID().slice(0, 8)}`;
}

describe('setting a namespace up', () => {
  it('finds nothing to do where all is there', async () => {
    const result = await setUpNamespace({ connection, namespace: 'default' });
    expect(result).toEqual({ namespace: 'default', namespaceCreated: false, registered: [] });
  });

  it('says what to do when there is no namespace', async () => {
    const namespace = freshNamespace();
    await expect(setUpNamespace({ connection, namespace })).rejects.toMatchObject({
      reason: 'not-ready',
      message: expect.stringMatching(
        new RegExp(`^There is no namespace ${namespace}: .*--create-namespace`),
      ),
    });
  });

  it('makes the namespace when asked, and can be repeated', async () => {
    const namespace = freshNamespace();
    const first = await setUpNamespace({ connection, namespace, createNamespace: true });
    expect(first).toEqual({ namespace, namespaceCreated: true, registered: NAMES });
    const again = await setUpNamespace({ connection, namespace, createNamespace: true });
    expect(again).toEqual({ namespace, namespaceCreated: false, registered: [] });
  });

  it('may be done by several at once', async () => {
    const namespace = freshNamespace();
    const options = { connection, namespace, createNamespace: true };
    await Promise.all([setUpNamespace(options), setUpNamespace(options), setUpNamespace(options)]);
    const after = await setUpNamespace({ connection, namespace });
    expect(after.registered).toEqual([]);
  });

  it('refuses an attribute that is there with another type, by name', async () => {
    const namespace = freshNamespace();
    await setUpNamespace({ connection, namespace, createNamespace: true });
    const services = withAttributeType(connection, 'MooringHost', TEXT);
    await expect(setUpNamespace({ connection: services, namespace })).rejects.toMatchObject({
      reason: 'not-ready',
      message: expect.stringContaining('MooringHost is not of type KEYWORD'),
    });
  });
});

/** The dev server has fixed columns, so its answer is changed instead. */
function withAttributeType(real: Connection, name: string, type: number): ServerServices {
  const operatorService = Object.create(real.operatorService) as typeof real.operatorService;
  const answer = async (request: { namespace: string }) => {
    const { customAttributes } = await real.operatorService.listSearchAttributes(request);
    return { customAttributes: { ...customAttributes, [name]: type } };
  };
  operatorService.listSearchAttributes = answer as typeof operatorService.listSearchAttributes;
  return { workflowService: real.workflowService, operatorService };
}
