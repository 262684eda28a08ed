import { basename, dirname } from 'node:path';
import { linksOneByOne, type FileTree } from '../../host/file-tree.js';
import type { FileWriter } from '../../privileged/file-writer.js';
import type { LinuxHost, RunningHost } from '../linux-host.js';
import { blockDevice } from './block-devices.js';
import { devView } from './dev-view.js';
import { listing, type Directory, type Entry } from './entries.js';
import { lookUp, type Found } from './lookup.js';
import { procView } from './proc-view.js';
import { sysfsView } from './sysfs-view.js';
import { SystemError } from './system-error.js';

/** The real seam's bound on a text. */
const TEXT_MAX_BYTES = 1_048_576;

/** Both halves of the file seam on a simulated host. */
export class SimulatedFiles implements FileTree, FileWriter {
  readonly #host: LinuxHost;
  /** The tree of the boot it was made for; its parts are computed anew at each look. */
  #view: { readonly running: RunningHost; readonly root: Directory } | undefined;

  constructor(host: LinuxHost) {
    this.#host = host;
  }

  readText(path: string): Promise<string> {
    return this.#host.serve(async (running) => {
      await this.#host.boundaries.pass('read-file', path, 'before');
      const { entry, path: real } = this.#look(running, path, { syscall: 'open' });
      this.#refuseUnreadable('read', path, real);
      if (entry.kind !== 'file') throw new SystemError('EISDIR', 'read', path);
      const text = entry.read();
      if (text.length > TEXT_MAX_BYTES) throw new RangeError(`${path} is longer than 1 MiB`);
      await this.#host.boundaries.pass('read-file', path, 'after');
      return text;
    });
  }

  list(path: string): Promise<string[]> {
    return this.#host.serve(async (running) => {
      const { entry, path: real } = this.#look(running, path, { syscall: 'scandir' });
      this.#refuseUnreadable('scandir', path, real);
      if (entry.kind !== 'directory') throw new SystemError('ENOTDIR', 'scandir', path);
      return [...entry.names()].sort();
    });
  }

  realPath(path: string): Promise<string> {
    return this.#host.serve(async (running) => {
      await this.#host.boundaries.pass('resolve-link', path, 'before');
      const { path: real } = this.#look(running, path, { syscall: 'realpath' });
      this.#refuseUnreadable('realpath', path, real);
      await this.#host.boundaries.pass('resolve-link', path, 'after');
      return real;
    });
  }

  readLink(path: string): Promise<string> {
    return this.#host.serve((running) => {
      const how = { syscall: 'readlink', followLast: false };
      const { entry, path: real } = this.#look(running, path, how);
      this.#refuseUnreadable('readlink', path, real);
      if (entry.kind !== 'link') throw new SystemError('EINVAL', 'readlink', path);
      return Promise.resolve(entry.target);
    });
  }

  readLinks(directory: string): Promise<Record<string, string>> {
    return linksOneByOne(this, directory);
  }

  blockNumber(path: string): Promise<string | undefined> {
    return this.#host.serve(async (running) => {
      const { path: real } = this.#look(running, path, { syscall: 'readlink' });
      this.#refuseUnreadable('readlink', path, real);
      return dirname(real) === '/dev' ? blockDevice(running, basename(real))?.devNumber : undefined;
    });
  }

  writeAttribute(path: string, value: string): Promise<void> {
    return this.#host.serve(async (running) => {
      await this.#host.boundaries.pass('write-attribute', path, 'before');
      const { entry } = this.#look(running, path, { syscall: 'open' });
      if (entry.kind === 'directory') throw new SystemError('EISDIR', 'open', path);
      if (entry.kind === 'link' || entry.write === undefined) {
        throw new SystemError('EACCES', 'open', path);
      }
      await entry.write(value);
      await this.#host.boundaries.pass('write-attribute', path, 'after');
    });
  }

  /** The staging directory plays no part: nothing is ever seen half-written here. */
  replaceFile(path: string, text: string, mode: number): Promise<void> {
    return this.#host.serve(async (running) => {
      await this.#host.boundaries.pass('replace-file', path, 'before');
      const [disk, place] = this.#writablePlace(running, path);
      if (this.#host.faults.has('disk-full', ({ under }) => isWithin(path, under))) {
        throw new SystemError('ENOSPC', 'write', path);
      }
      disk.write(place, text, mode);
      await this.#host.boundaries.pass('replace-file', path, 'after');
    });
  }

  removeFile(path: string): Promise<void> {
    return this.#host.serve(async (running) => {
      await this.#host.boundaries.pass('remove-file', path, 'before');
      if (path.startsWith('/dev/')) {
        running.udev.unlink(path.slice('/dev/'.length));
      } else {
        const [disk, place] = this.#writablePlace(running, path);
        disk.remove(place);
      }
      await this.#host.boundaries.pass('remove-file', path, 'after');
    });
  }

  /** A simulated disk loses nothing that was written to it. */
  keepFile(): Promise<void> {
    return this.#host.serve(() => Promise.resolve());
  }

  #look(
    running: RunningHost,
    path: string,
    how: { readonly syscall: string; readonly followLast?: boolean },
  ): Found {
    if (this.#view?.running !== running) this.#view = { running, root: this.#rootOf(running) };
    return lookUp(this.#view.root, path, how);
  }

  #rootOf(running: RunningHost): Directory {
    const { disk } = this.#host;
    const mounted = new Map<string, Entry>([
      ['dev', devView(running)],
      ['proc', procView(running)],
      ['run', running.run],
      ['sys', sysfsView(running)],
    ]);
    return listing(
      () => new Set([...mounted.keys(), ...disk.names()]),
      (name) => mounted.get(name) ?? disk.child(name),
    );
  }

  /** Where ordinary files may be written: the disk, and `/run`. */
  #writablePlace(running: RunningHost, path: string): [LinuxHost['disk'], string] {
    if (isWithin(path, '/run')) return [running.run, path.slice('/run'.length)];
    const kernels = ['/sys', '/proc', '/dev'].some((root) => isWithin(path, root));
    if (kernels || !path.startsWith('/')) throw new SystemError('EPERM', 'open', path);
    return [this.#host.disk, path];
  }

  /** A bad file is bad by whatever name it is opened. */
  #refuseUnreadable(syscall: string, ...names: readonly string[]): void {
    const path = names.find((name) =>
      this.#host.faults.has('unreadable', (fault) => isWithin(name, fault.path)),
    );
    if (path !== undefined) throw new SystemError('EIO', syscall, path);
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
