import { describe, expect, test } from 'vitest';
import { MissingProgram } from '../../../src/privileged/command-runner.js';
import { IQN, newRig, PORTAL, UDEV_WWID } from './rig.js';

describe('commands', () => {
  test('iscsiadm past its deadline is reported, and ends by itself', async () => {
    const rig = newRig();
    await rig.makeRecord();
    const args = ['-m', 'node', '-T', IQN, '-p', PORTAL, '-I', 'default', '--login'];

    const end = await rig.host.runner.run({ program: 'iscsiadm', args, timeoutMs: 10 });
    expect(end).toMatchObject({ timedOut: true, stdout: '' });
    expect(end.exitCode).toBeUndefined();

    // By the time another command is done the first one is, too.
    expect((await rig.node(PORTAL, '--login')).exitCode).toBe(15);
    expect((await rig.logIn('10.0.0.2:3260')).exitCode).toBe(0);
    expect(await rig.read('/sys/class/iscsi_session/session1/state')).toBe('LOGGED_IN\n');
  });

  test('a command that hangs ends at its deadline, one that ignores TERM at the KILL', async () => {
    const rig = newRig();
    const command = { program: 'multipath', args: ['-f', UDEV_WWID], timeoutMs: 1_000 } as const;
    await rig.control.addFault({ kind: 'command-hangs', program: 'multipath', times: 1 });
    await rig.control.addFault({ kind: 'command-hangs', program: 'multipath', ignoresTerm: true });

    const mild = await rig.host.runner.run(command);
    const stubborn = await rig.host.runner.run(command);

    expect(mild).toMatchObject({ timedOut: true, durationMs: expect.closeTo(1_000, -1) });
    expect(stubborn).toMatchObject({ timedOut: true, durationMs: expect.closeTo(3_000, -1) });
  });

  test('a command can be made to fail so many times, and only when it matches', async () => {
    const rig = newRig();
    await rig.control.addFault({
      kind: 'command-fails',
      program: 'iscsiadm',
      matching: '-o new',
      exitCode: 6,
      stderr: 'iscsiadm: tripped\n',
      times: 1,
    });

    expect((await rig.node(PORTAL, '--login')).exitCode).toBe(21);
    expect(await rig.node(PORTAL, '-o', 'new')).toMatchObject({
      exitCode: 6,
      stderr: 'iscsiadm: tripped\n',
    });
    expect((await rig.node(PORTAL, '-o', 'new')).exitCode).toBe(0);
  });

  test('a lying answer comes after the work is done', async () => {
    const rig = newRig();
    await rig.makeRecord();
    await rig.control.addFault({ kind: 'answer-lies', program: 'iscsiadm', exitCode: 22 });

    expect((await rig.node(PORTAL, '--login')).exitCode).toBe(22);

    expect(await rig.list('/sys/class/iscsi_session')).toEqual(['session1']);
  });

  test('a program that is not installed is missing by name', async () => {
    const rig = newRig();
    await rig.control.addFault({ kind: 'program-missing', program: 'multipathd' });

    await expect(rig.run('multipathd', 'show', 'status')).rejects.toMatchObject({
      name: new MissingProgram('multipathd').name,
      program: 'multipathd',
    });
  });

  test('a command line nobody uses is refused loudly', async () => {
    await expect(newRig().run('multipath', '-ll')).rejects.toThrow('does not know the command');
  });

  test('a held database lock ends node commands with 6 after half a minute', async () => {
    const rig = newRig();
    await rig.control.addFault({ kind: 'database-locked' });

    const end = await rig.node(PORTAL, '-o', 'new');

    expect(end.exitCode).toBe(6);
    expect(end.durationMs).toBeGreaterThanOrEqual(30_000);
  });

  test('a lock file that was left behind holds until it is removed', async () => {
    const rig = newRig();
    await rig.host.writer.replaceFile('/run/lock/iscsi/lock.write', '', 0o600);
    expect((await rig.node(PORTAL, '-o', 'new')).exitCode).toBe(6);

    await rig.host.writer.removeFile('/run/lock/iscsi/lock.write');

    expect((await rig.node(PORTAL, '-o', 'new')).exitCode).toBe(0);
  });
});

describe('files', () => {
  test.each([
    '/sys/class/iscsi_session',
    '/sys/devices/platform',
    '/sys/class/iscsi_session/session1/state',
  ])('what lies below the unreadable %s gives EIO', async (path) => {
    const rig = newRig();
    await rig.logIn();
    await rig.control.addFault({ kind: 'unreadable', path });

    await expect(rig.read('/sys/class/iscsi_session/session1/state')).rejects.toMatchObject({
      code: 'EIO',
    });
  });

  test('a full disk takes no record, and keeps the one it has', async () => {
    const rig = newRig();
    await rig.makeRecord();
    const record = await rig.read(rig.recordPath());
    await rig.control.addFault({ kind: 'disk-full', under: '/etc' });

    await expect(rig.setRecord({ 'node.session.scan': 'auto' })).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect(await rig.read(rig.recordPath())).toBe(record);
    expect((await rig.node('10.0.0.2:3260', '-o', 'new')).exitCode).toBe(6);
  });

  test('the empty record that a full disk leaves takes no new one, until it is removed', async () => {
    const rig = newRig();
    const fault = await rig.control.addFault({ kind: 'disk-full', under: '/etc' });
    await rig.node(PORTAL, '-o', 'new');
    await rig.control.removeFault(fault);

    expect(await rig.read(rig.recordPath())).toBe('');
    expect((await rig.node(PORTAL, '-o', 'new')).exitCode).toBe(6);

    await rig.host.writer.removeFile(rig.recordPath());
    expect((await rig.node(PORTAL, '-o', 'new')).exitCode).toBe(0);
  });

  test.each([
    { look: 'a missing file', code: 'ENOENT', path: '/etc/nothing' },
    { look: 'a file as a directory', code: 'ENOTDIR', path: '/etc/machine-id/x' },
    { look: 'a directory', code: 'EISDIR', path: '/etc' },
    { look: 'a write-only attribute', code: 'EACCES', path: '/sys/class/scsi_host/host2/scan' },
  ])('reading $look gives $code', async ({ code, path }) => {
    const rig = newRig();
    await rig.logIn();

    await expect(rig.read(path)).rejects.toMatchObject({ code, path: expect.any(String) });
  });

  test('sysfs takes no new files and no writes to read-only attributes', async () => {
    const rig = newRig();
    await rig.logIn();
    const state = '/sys/class/iscsi_session/session1/state';

    await expect(rig.host.writer.replaceFile(state, 'x', 0o644)).rejects.toMatchObject({
      code: 'EPERM',
    });
    await expect(rig.host.writer.writeAttribute(state, 'x')).rejects.toMatchObject({
      code: 'EACCES',
    });
    await expect(rig.host.writer.writeAttribute('/sys/new', 'x')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('removing what is not there is no error', async () => {
    await expect(newRig().host.writer.removeFile('/run/mooring/claims/x')).resolves.toBeUndefined();
  });
});
