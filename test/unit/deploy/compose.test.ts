import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../../src/contract/search-attributes.js';
import { TEMPORAL_CLI_VERSION } from '../../../src/demo/temporal-version.js';

function read(path: string): Promise<string> {
  return readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

test('compose registers exactly the search attributes of the contract', async () => {
  const script = await read('deploy/compose/prepare-namespace.sh');
  const registered = [...script.matchAll(/^ {2}(Mooring\w+)=(\w+)$/gm)].map(
    ([, name = '', kind = '']) => ({ name, type: kind.replace(/\B([A-Z])/g, '_$1').toUpperCase() }),
  );
  expect(registered).toEqual(SEARCH_ATTRIBUTES.map(({ name, type }) => ({ name, type })));
});

test('compose tunes the server as the dev server is tuned', async () => {
  const config = await read('deploy/compose/dynamic-config.yaml');
  const devServer = await read('src/demo/dev-server.ts');
  for (const [key, value] of [
    ['history.transferProcessorMaxPollRPS', '2000'],
    ['system.enableCancelActivityWorkerCommand', 'true'],
  ]) {
    expect(config).toContain(`${key}:\n  - value: ${value}\n`);
    expect(devServer).toContain(`'${key}=${value}'`);
  }
});

test('compose runs the server that the tests run', async () => {
  expect(TEMPORAL_CLI_VERSION).toBe('1.9.1');
  const serverOfThatCli = '1.32.0';
  const compose = await read('docker-compose.yml');
  const tags = [...compose.matchAll(/\$\{TEMPORAL_TAG:-([^}]+)\}/g)].map(([, tag]) => tag);
  expect(new Set(tags)).toEqual(new Set([serverOfThatCli]));
  expect(await read('.env.example')).toContain(`TEMPORAL_TAG=${serverOfThatCli}\n`);
});
