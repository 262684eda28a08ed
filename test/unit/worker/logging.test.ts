import { describe, expect, it } from 'vitest';
import { createLogger, readableLine } from '../../../src/worker/logging.js';
import { RuntimeLogger } from '../../../src/worker/runtime-logger.js';

const MARKER = 'hunter2-marker';

/** Logs into an array. */
function capture(): { logger: ReturnType<typeof createLogger>; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  return { logger, lines };
}

describe('the log', () => {
  it.each([
    { password: MARKER },
    { secret: MARKER },
    { apiKey: MARKER },
    { api_key: MARKER },
    { taskToken: MARKER },
    { authorization: `Bearer ${MARKER}` },
    { privateKey: MARKER },
    { chap: { username: 'db-17', password: MARKER } },
    { request: { connection: { chap: { secret: MARKER } } } },
    { list: [{ passphrase: MARKER }] },
    { options: { clientCertPair: { key: new TextEncoder().encode(MARKER) } } },
    { error: Object.assign(new Error('it failed'), { stdout: MARKER, command: `x -v ${MARKER}` }) },
    { error: new Error('outer', { cause: Object.assign(new Error('inner'), { argv: [MARKER] }) }) },
  ])('hides secrets whatever their depth: %j', (fields) => {
    const { logger, lines } = capture();
    logger.info(fields, 'something happened');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('something happened');
    expect(lines[0]).not.toContain(MARKER);
  });

  it('shows references to secrets, which operators need', () => {
    const { logger, lines } = capture();
    logger.info({ chap: { username: 'db-17', secretRef: 'file:array1' } }, 'log in');
    expect(lines[0]).toContain('file:array1');
  });

  it('survives fields that refer to themselves', () => {
    const { logger, lines } = capture();
    const fields: Record<string, unknown> = { name: 'loop' };
    fields.self = fields;
    logger.info(fields, 'round');
    expect(lines[0]).toContain('too deep');
  });

  it('is readable on a terminal', () => {
    const { logger, lines } = capture();
    logger.warn({ step: 'ensureSession', said: 'two words' }, 'ensureSession failed');
    expect(readableLine(lines[0] ?? '')).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} warn {2}ensureSession failed {2}step=ensureSession {2}said="two words"\n$/,
    );
  });
});

describe("the SDK's lines", () => {
  it('keep their level and lose what helps nobody', () => {
    const { logger, lines } = capture();
    new RuntimeLogger(logger).warn('Worker lost the server', {
      taskToken: MARKER,
      namespace: 'default',
      taskQueue: 'mooring-host/db-17',
    });
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'warn', taskQueue: 'mooring-host/db-17' });
    expect(line).not.toHaveProperty('taskToken');
    expect(line).not.toHaveProperty('namespace');
  });

  it('are not said at info when a line of our own says it better', () => {
    const { logger, lines } = capture();
    const bridge = new RuntimeLogger(logger);
    bridge.warn('Activity failed', { error: new Error('x') });
    bridge.warn('No workflows registered, not polling for workflow tasks');
    expect(lines).toEqual([]);
  });
});
