import { expect, test } from 'vitest';
import { newRig, PORTAL } from './rig.js';

test('a call is held before it takes effect, and goes on when released', async () => {
  const rig = newRig();
  await rig.makeRecord();
  const boundary = await rig.control.setBoundary({
    of: 'iscsiadm',
    matching: '--login',
    side: 'before',
  });
  const login = rig.node(PORTAL, '--login');

  expect(await boundary.reached).toContain('--login');
  expect((await rig.control.snapshot()).sessions).toEqual([]);

  boundary.release();
  expect((await login).exitCode).toBe(0);
});

test('a call is held after it took effect and before anybody hears of it', async () => {
  const rig = newRig();
  await rig.makeRecord();
  const boundary = await rig.control.setBoundary({
    of: 'iscsiadm',
    matching: '--login',
    side: 'after',
  });
  const login = rig.node(PORTAL, '--login');

  await boundary.reached;
  expect((await rig.control.snapshot()).sessions).toHaveLength(1);

  boundary.release();
  expect((await login).exitCode).toBe(0);
});

test('the nth fitting call is held, no other', async () => {
  const rig = newRig();
  const boundary = await rig.control.setBoundary({
    of: 'iscsiadm',
    matching: '-o new',
    nth: 2,
    side: 'before',
  });

  await rig.node('10.0.0.1:3260', '-o', 'new');
  const second = rig.node('10.0.0.2:3260', '-o', 'new');

  expect(await boundary.reached).toContain('10.0.0.2');
  await rig.node('10.0.0.3:3260', '-o', 'new');
  boundary.release();
  await second;
});

test('a dropped call never takes effect', async () => {
  const rig = newRig();
  const boundary = await rig.control.setBoundary({ of: 'iscsiadm', side: 'before' });
  const args = [
    '-m',
    'node',
    '-T',
    'iqn.2026-11.io.example:array1',
    '-p',
    PORTAL,
    '-I',
    'default',
    '-o',
    'new',
  ];
  const call = rig.host.runner.run({ program: 'iscsiadm', args, timeoutMs: 1_000 });
  await boundary.reached;

  boundary.release({ dropped: true });

  expect((await call).timedOut).toBe(true);
  expect((await rig.control.snapshot()).nodeRecords).toEqual([]);
});

test('writes and removals of files are boundaries as well', async () => {
  const rig = newRig();
  await rig.logIn();
  const scan = await rig.control.setBoundary({
    of: 'write-attribute',
    matching: '/scan',
    side: 'before',
  });
  const claim = await rig.control.setBoundary({ of: 'replace-file', side: 'after' });

  const scanning = rig.scan(4);
  await scan.reached;
  expect((await rig.control.snapshot()).scsiDevices).toEqual([]);
  scan.release();
  await scanning;

  const claiming = rig.host.writer.replaceFile('/run/mooring/claim', 'x', 0o600);
  expect(await claim.reached).toBe('replace-file /run/mooring/claim');
  expect((await rig.control.snapshot()).runTree).toHaveLength(1);
  claim.release();
  await claiming;
});
