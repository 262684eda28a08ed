import { expect } from 'vitest';
import { requestFor, type Credentials, type HostUnderTest } from '../host-under-test.js';
import type { Scenario } from '../scenario.js';
import { Administrator, settingOf } from './administrator.js';
import { asFound } from './experiment.js';

const INCOMING: Credentials = { username: 'conformance', secret: 'right-secret-7f3c' };
const MUTUAL: Credentials = { username: 'array', secret: 'proof-of-array-19' };
const WRONG = 'wrong-secret-0a1b';
const CHAP_SETTINGS = {
  'node.session.auth.authmethod': 'CHAP',
  'node.session.auth.username': 'somebody',
  'node.session.auth.password': 'left-over-of-long-ago',
};

export const credentialScenarios: readonly Scenario[] = [
  {
    id: 'B-07',
    limits: ['L15'],
    claim: 'a wrong CHAP secret is a refused login, not a dead network, and leaves nothing',
    async run(host) {
      await asFound(host, async (before) => {
        const volume = await host.freshVolume();
        await host.setChap(host.iqn, { incoming: INCOMING });
        const secretRef = await host.storeSecret('b-07', WRONG);
        const [portal = ''] = host.portals;

        const chap = { username: INCOMING.username, secretRef };
        const attach = host.attach(withChap(host, volume, { chap }, [portal]));

        await expect(attach).rejects.toMatchObject({ type: 'LoginRefused' });
        expect(await host.hostState()).toEqual(before);
        await expectUnseen(host, volume.volumeId, [WRONG]);
      });
    },
  },
  {
    id: 'B-08',
    claim: 'the right secret is set before the login, over a wrong one the record had',
    async run(host) {
      await asFound(host, async () => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume();
        const node = { iqn: volume.iqn, portal };
        const administrator = new Administrator(host);
        await administrator.makeRecord(node, CHAP_SETTINGS);
        await host.setChap(host.iqn, { incoming: INCOMING });
        const secretRef = await host.storeSecret('b-08', INCOMING.secret);

        const chap = { username: INCOMING.username, secretRef };
        const result = await host.attach(withChap(host, volume, { chap }, [portal]));

        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        const left = await administrator.record(node);
        expect(left).not.toContain(INCOMING.secret);
        await administrator.deleteRecord(node);
      });
    },
  },
  {
    id: 'B-09',
    limits: ['L23'],
    claim: 'an attach without credentials does not log in with those an old record has',
    async run(host) {
      await asFound(host, async () => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume();
        const node = { iqn: volume.iqn, portal };
        const administrator = new Administrator(host);
        await administrator.makeRecord(node, CHAP_SETTINGS);

        await host.attach(requestFor(host, volume, {}, [portal]));

        const record = await administrator.record(node);
        expect(settingOf(record, 'node.session.auth.authmethod')).toBe('None');
        expect(record).not.toContain(CHAP_SETTINGS['node.session.auth.password']);
        await host.detach(volume.volumeId);
        await administrator.deleteRecord(node);
      });
    },
  },
  {
    id: 'M-03',
    claim: 'the array proves itself as well; one that cannot is refused',
    async run(host) {
      await asFound(host, async (before) => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume();
        await host.setChap(host.iqn, { incoming: INCOMING, mutual: MUTUAL });
        const chap = {
          username: INCOMING.username,
          secretRef: await host.storeSecret('m-03', INCOMING.secret),
        };
        const mutual = async (secret: string): Promise<Chap> => ({
          username: MUTUAL.username,
          secretRef: await host.storeSecret('m-03-mutual', secret),
        });

        const wrong = { chap, mutualChap: await mutual(WRONG) };
        const refused = host.attach(withChap(host, volume, wrong, [portal]));
        await expect(refused).rejects.toMatchObject({ type: 'LoginRefused' });
        expect(await host.hostState()).toEqual(before);

        const right = { chap, mutualChap: await mutual(MUTUAL.secret) };
        const result = await host.attach(withChap(host, volume, right, [portal]));
        expect(result).toMatchObject({ state: 'attached', wwid: volume.wwid });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-04',
    claim: 'a secret that was changed on the array and then on the host is taken without a restart',
    async run(host) {
      await asFound(host, async (before) => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume();
        await host.setChap(host.iqn, { incoming: INCOMING });
        const secretRef = await host.storeSecret('m-04', WRONG);
        const request = withChap(
          host,
          volume,
          { chap: { username: INCOMING.username, secretRef } },
          [portal],
        );
        await expect(host.attach(request)).rejects.toMatchObject({ type: 'LoginRefused' });

        await host.storeSecret('m-04', INCOMING.secret);

        expect(await host.attach(request)).toMatchObject({ state: 'attached' });
        await host.detach(volume.volumeId);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'M-05',
    claim: 'a reference without a secret behind it is said as such, before anything is made',
    async run(host) {
      await asFound(host, async (before) => {
        const [portal = ''] = host.portals;
        const volume = await host.freshVolume();
        const chap = { username: INCOMING.username, secretRef: 'file:nobody-stored-this' };

        const attach = host.attach(withChap(host, volume, { chap }, [portal]));

        await expect(attach).rejects.toMatchObject({ type: 'SecretUnavailable' });
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
  {
    id: 'B-85',
    claim:
      'no secret is in a log, in the history or in a state, whether the attach went well or not',
    async run(host) {
      await asFound(host, async (before) => {
        const [portal = ''] = host.portals;
        const good = await host.freshVolume();
        const bad = await host.freshVolume();
        await host.setChap(host.iqn, { incoming: INCOMING, mutual: MUTUAL });
        const chap = {
          username: INCOMING.username,
          secretRef: await host.storeSecret('b-85', INCOMING.secret),
        };
        const mutualChap = {
          username: MUTUAL.username,
          secretRef: await host.storeSecret('b-85-mutual', MUTUAL.secret),
        };
        const wrong = { ...chap, secretRef: await host.storeSecret('b-85-wrong', WRONG) };

        const refused = host.attach(withChap(host, bad, { chap: wrong }, [portal]));
        await expect(refused).rejects.toMatchObject({ type: 'LoginRefused' });
        await host.attach(withChap(host, good, { chap, mutualChap }, [portal]));
        await host.detach(good.volumeId);

        const secrets = [INCOMING.secret, MUTUAL.secret, WRONG];
        await expectUnseen(host, good.volumeId, secrets);
        await expectUnseen(host, bad.volumeId, secrets);
        expect(await host.hostState()).toEqual(before);
      });
    },
  },
];

interface Chap {
  readonly username: string;
  readonly secretRef: string;
}

function withChap(
  host: HostUnderTest,
  volume: Parameters<typeof requestFor>[1],
  credentials: { readonly chap: Chap; readonly mutualChap?: Chap },
  portals: readonly string[],
): ReturnType<typeof requestFor> {
  const request = requestFor(host, volume, {}, portals);
  return { ...request, connection: { ...request.connection, ...credentials } };
}

async function expectUnseen(
  host: HostUnderTest,
  volumeId: string,
  secrets: readonly string[],
): Promise<void> {
  const [log, history] = await Promise.all([host.workerLog(), host.historyText(volumeId)]);
  // A look at nothing would find nothing.
  expect(log).toContain(host.hostId);
  expect(history).toContain(volumeId);
  for (const secret of secrets) {
    expect(log.includes(secret), 'a secret in the log').toBe(false);
    expect(history.includes(secret), 'a secret in the history').toBe(false);
  }
}
