import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MissingProgram } from '../../../../src/privileged/command-runner.js';
import { createVerbs } from '../../../../src/privileged/create-verbs.js';
import { DirectorySecrets } from '../../../../src/privileged/secrets.js';
import { SecretMissing } from '../../../../src/privileged/verbs.js';
import {
  createSimulatedHost,
  type SimulatedHost,
} from '../../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../../src/simulator/storage-array.js';
import {
  HelperGone,
  remoteVerbs,
} from '../../../../src/worker/privilege-separation/remote-verbs.js';
import { serveVerbs } from '../../../../src/worker/privilege-separation/serve-verbs.js';
import type { MessagePort } from '../../../../src/worker/privilege-separation/verb-messages.js';
import { IQN } from '../../../support/requests.js';

const TARGET = { portal: '10.0.0.1:3260', iqn: IQN, iface: 'default' };
const WWID = '36001405bea237473c2c4f98b14c7c293';

/** Two ends that only text passes, as between processes. */
function channel(): { worker: MessagePort; helper: MessagePort; close: () => void } {
  const [toWorker, toHelper] = [new EventEmitter(), new EventEmitter()];
  const port = (incoming: EventEmitter, outgoing: EventEmitter): MessagePort => ({
    send: (message) => {
      const text = JSON.stringify(message);
      setImmediate(() => outgoing.emit('message', JSON.parse(text)));
    },
    onMessage: (take) => void incoming.on('message', take),
    onClose: (closed) => void incoming.on('close', closed),
  });
  return {
    worker: port(toWorker, toHelper),
    helper: port(toHelper, toWorker),
    close: () => {
      for (const end of [toWorker, toHelper]) end.emit('close');
    },
  };
}

function start() {
  const array = new StorageArray();
  array.addTarget({ iqn: IQN, portals: [TARGET.portal] });
  const host: SimulatedHost = createSimulatedHost({ hostId: 'db-17', array, timeScale: 0.05 });
  const ends = channel();
  const { worker, helper } = ends;
  const remote = remoteVerbs(worker);
  const { runner, files, writer } = host;
  const secrets = new DirectorySecrets(['/nowhere']);
  const server = serveVerbs(helper, createVerbs({ runner, files, writer, secrets }));
  return { ...remote, ...ends, server, control: host.control };
}

describe('verbs across the channel', () => {
  it('do what they do in one process, and answer the same', async () => {
    const { verbs, ready } = start();
    await ready;
    expect(await verbs.ensureNodeRecord({ ...TARGET, loginTimeoutSeconds: 5 })).toEqual({
      made: true,
      changed: true,
    });
    expect(await verbs.nodeRecordFate(TARGET)).toBe('delete');
    expect(await verbs.logIn({ ...TARGET, timeoutMs: 10_000 })).toMatchObject({ kind: 'session' });
    expect(await verbs.isWwidRemembered({ wwid: WWID })).toBe(false);
    expect(await verbs.listMonitoredPaths()).toEqual([]);
  });

  it('keep "unknown" apart from "none"', async () => {
    const { verbs, control } = start();
    await control.addFault({ kind: 'multipathd-stopped' });
    expect(await verbs.listMonitoredPaths()).toBeUndefined();
  });

  it('check their input on the root side', async () => {
    const { verbs, control } = start();
    await expect(verbs.nodeRecordFate({ ...TARGET, iqn: '../../etc' })).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('iqn'),
    });
    expect(await control.runs()).toEqual([]);
  });

  it('bring back the errors that steps ask for', async () => {
    const { verbs, control } = start();
    const chap = { username: 'db-17', secretRef: 'file:array1' };
    await expect(
      verbs.ensureNodeRecord({ ...TARGET, loginTimeoutSeconds: 5, chap }),
    ).rejects.toSatisfy(
      (error) => error instanceof SecretMissing && error.message.includes('/nowhere'),
    );
    await verbs.ensureNodeRecord({ ...TARGET, loginTimeoutSeconds: 5 });
    await control.addFault({ kind: 'program-missing', program: 'iscsiadm' });
    await expect(verbs.logIn({ ...TARGET, timeoutMs: 10_000 })).rejects.toSatisfy(
      (error) => error instanceof MissingProgram && error.program === 'iscsiadm',
    );
  });

  it('keep the code of a file that cannot be read: unreadable is not absent', async () => {
    const { verbs, control } = start();
    await verbs.ensureNodeRecord({ ...TARGET, loginTimeoutSeconds: 5 });
    await control.addFault({ kind: 'unreadable', path: '/etc/iscsi' });
    await expect(verbs.nodeRecordFate(TARGET)).rejects.toMatchObject({ code: 'EIO' });
  });

  it('answer nothing but known verbs', async () => {
    const { worker, verbs, control } = start();
    for (const message of [
      { id: 1, verb: 'run', input: { program: 'sync' } },
      { id: 2, verb: 'constructor' },
      { id: 3, verb: '__proto__' },
      { verb: 'nodeRecordFate', input: TARGET },
      'nodeRecordFate',
      null,
    ]) {
      worker.send(message);
    }
    expect(await verbs.nodeRecordFate(TARGET)).toBe('keep');
    expect(await control.runs()).toEqual([]);
  });
});

describe('the end of the channel', () => {
  it('fails what the worker waits for, and whatever it asks later', async () => {
    const { verbs, close } = start();
    const waiting = verbs.nodeRecordFate(TARGET);
    close();
    await expect(waiting).rejects.toBeInstanceOf(HelperGone);
    await expect(verbs.nodeRecordFate(TARGET)).rejects.toBeInstanceOf(HelperGone);
  });

  it('lets the helper bring to its end what it has begun', async () => {
    const { verbs, close, server, control } = start();
    await verbs.ensureNodeRecord({ ...TARGET, loginTimeoutSeconds: 5 });
    const login = verbs.logIn({ ...TARGET, timeoutMs: 10_000 });
    const boundary = await control.setBoundary({ of: 'iscsiadm', side: 'before' });
    await boundary.reached;
    close();
    await expect(login).rejects.toBeInstanceOf(HelperGone);
    boundary.release();
    await server.ended;
    expect((await control.snapshot()).sessions).toHaveLength(1);
  });
});
