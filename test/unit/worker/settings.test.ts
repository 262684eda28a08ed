import { describe, expect, it } from 'vitest';
import {
  readControlSettings,
  readHostSettings,
  type Environment,
  type HostWorkerSettings,
  type SettingFlags,
} from '../../../src/worker/settings.js';
import { WorkerRefused } from '../../../src/worker/worker-refused.js';

const temporal = { address: '127.0.0.1:7233', namespace: 'default', options: {} };

function read(flags: SettingFlags, environment: Environment = {}): HostWorkerSettings {
  return readHostSettings({ flags, environment, temporal });
}

describe('settings of a worker', () => {
  it('take the flag before the environment', () => {
    const { hostId } = read({ hostId: 'db-17' }, { MOORING_HOST_ID: 'db-18' });
    expect(hostId).toBe('db-17');
  });

  it('take the environment before the default', () => {
    const settings = read({}, { MOORING_HOST_ID: 'db-18', MOORING_LOG_LEVEL: 'debug' });
    expect(settings).toMatchObject({ hostId: 'db-18', logLevel: 'debug' });
  });

  it('have defaults for everything but the host id', () => {
    expect(read({ hostId: 'db-17' })).toEqual({
      temporal,
      hostId: 'db-17',
      logLevel: 'info',
      secretsDirectories: ['/etc/mooring/secrets'],
      warnings: [],
    });
  });

  it('look into the credentials that systemd hands over first', () => {
    const { secretsDirectories } = read(
      { hostId: 'db-17' },
      { CREDENTIALS_DIRECTORY: '/run/credentials/mooring.service' },
    );
    expect(secretsDirectories).toEqual([
      '/run/credentials/mooring.service',
      '/etc/mooring/secrets',
    ]);
  });

  it('look for secrets nowhere else when a directory is given', () => {
    const { secretsDirectories } = read(
      { hostId: 'db-17', secretsDirectory: '/srv/secrets' },
      { CREDENTIALS_DIRECTORY: '/run/credentials/mooring.service' },
    );
    expect(secretsDirectories).toEqual(['/srv/secrets']);
  });

  it('take an empty variable for one that is not set', () => {
    const { logLevel } = read({ hostId: 'db-17' }, { MOORING_LOG_LEVEL: '' });
    expect(logLevel).toBe('info');
  });

  it.each<{ flags: SettingFlags; environment?: Environment; said: string }>([
    { flags: {}, said: '--host-id (or MOORING_HOST_ID) must be given' },
    {
      flags: { hostId: 'DB_17' },
      said: '--host-id (or MOORING_HOST_ID) must be 1 to 63 lower-case',
    },
    {
      flags: { hostId: 'a', logLevel: 'loud' },
      said: '--log-level (or MOORING_LOG_LEVEL) must be one',
    },
    { flags: { hostId: 'a', metricsAddress: ':9464' }, said: '--metrics-address' },
    { flags: { hostId: 'a', secretsDirectory: 'secrets' }, said: 'must be an absolute path' },
    { flags: { hostId: 'a' }, environment: { MOORING_RUN_AS: 'a b' }, said: 'MOORING_RUN_AS' },
  ])('name the wrong one in one line: $said', ({ flags, environment, said }) => {
    const refusal = refusalOf(() => read(flags, environment));
    expect(refusal.reason).toBe('setting');
    expect(refusal.message).toContain(said);
    expect(refusal.message).not.toContain('\n');
  });

  it('know a simulated host by its socket', () => {
    const { simulatedHost } = read({ hostId: 'db-17', simulated: '/tmp/simulator.sock' });
    expect(simulatedHost).toBe('/tmp/simulator.sock');
  });

  it('warn of a misspelt variable', () => {
    const { warnings } = read({ hostId: 'db-17' }, { MOORING_HOSTID: 'db-18' });
    expect(warnings).toEqual(['environment variable MOORING_HOSTID is not a setting of mooring']);
  });

  it('of a control worker need no host id', () => {
    const settings = readControlSettings({ flags: {}, environment: {}, temporal });
    expect(settings).toEqual({ temporal, logLevel: 'info', warnings: [] });
  });
});

function refusalOf(read: () => unknown): WorkerRefused {
  try {
    read();
  } catch (error) {
    if (error instanceof WorkerRefused) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
