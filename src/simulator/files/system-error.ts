/** Codes the simulated kernel answers with, and how Node words them. */
const TEXTS = {
  EACCES: 'permission denied',
  EBUSY: 'resource busy or locked',
  EINVAL: 'invalid argument',
  EIO: 'i/o error',
  EISDIR: 'illegal operation on a directory',
  ELOOP: 'too many symbolic links encountered',
  ENODEV: 'no such device',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENXIO: 'no such device or address',
  EPERM: 'operation not permitted',
} as const;

export type SystemErrorCode = keyof typeof TEXTS;

/** An error of the simulated kernel, with the fields Node gives to a real one. */
export class SystemError extends Error {
  readonly code: SystemErrorCode;
  readonly syscall: string;
  readonly path: string;

  constructor(code: SystemErrorCode, syscall: string, path: string) {
    super(`${code}: ${TEXTS[code]}, ${syscall} '${path}'`);
    this.code = code;
    this.syscall = syscall;
    this.path = path;
  }
}
