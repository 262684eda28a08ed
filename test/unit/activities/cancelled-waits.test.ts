import { expect, test, vi } from 'vitest';
import type { SecretStore } from '../../../src/privileged/secrets.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { stepsUnderTest } from '../../support/steps-under-test.js';

const HOST_ID = 'db-17';
const IQN = 'iqn.2026-11.io.example:array1';
const PORTAL = '10.0.0.1:3260';
const NO_SECRETS: SecretStore = { resolve: () => Promise.reject(new Error('no secrets here')) };

const loginOf = (volumeId: string, lun: number) => ({
  hostId: HOST_ID,
  owner: `${volumeId}@${HOST_ID}`,
  path: { portal: PORTAL, iqn: IQN, lun, iface: 'default' },
  loginTimeoutMs: 10_000,
});

test('a step that is called off while another login hangs goes at once, and has touched nothing', async () => {
  const array = new StorageArray();
  array.addTarget({ iqn: IQN, portals: [PORTAL] });
  const { simulated, start } = stepsUnderTest({ hostId: HOST_ID, array, secrets: NO_SECRETS });
  const { control, files } = simulated;
  const login = await control.setBoundary({ of: 'iscsiadm', matching: '--login', side: 'before' });
  const hanging = start('ensureSession', loginOf('vol-1', 4));
  await login.reached;

  const knock = vi.spyOn(simulated.network, 'knock');
  const waiting = start('ensureSession', loginOf('vol-2', 5));
  await vi.waitFor(() => {
    expect(knock.mock.settledResults[0]?.type).toBe('fulfilled');
  });
  waiting.cancel();

  await expect(waiting.done).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(await files.list('/run/mooring/claims')).toHaveLength(1);
  login.release();
  expect(await hanging.done).toMatchObject({ alreadyOpen: false });
});
