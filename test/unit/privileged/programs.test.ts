import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const VERBS = fileURLToPath(new URL('../../../src/privileged/', import.meta.url));

function sources(): string[] {
  const names = readdirSync(VERBS, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${VERBS}/${name}`, 'utf8'));
}

test('the programs that run as root are four, and none of them formats or writes to a volume', () => {
  const programs = sources().flatMap((text) =>
    [...text.matchAll(/program: '([\w-]+)'/g)].map(([, program]) => program),
  );
  expect([...new Set(programs)].sort()).toEqual(['iscsiadm', 'multipath', 'multipathd', 'sync']);
});

test('the files that are written lie in sysfs, in /etc and in /run: none is a block device', () => {
  const written = sources().flatMap((text) => [
    ...text.matchAll(/(?:writeAttribute|replaceFile|kernel\.write)\(\s*[`']([^`']*)/g),
  ]);
  for (const [, path = ''] of written) expect(path).not.toMatch(/^\/dev\//);
});
