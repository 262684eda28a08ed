/** Programs of the guest with a stand-in in their place, by directory. */
export const PROGRAMS = {
  iscsiadm: '/usr/sbin',
  multipathd: '/usr/sbin',
  multipath: '/usr/sbin',
  sync: '/usr/bin',
} as const;
export type Program = keyof typeof PROGRAMS;

/** A run of a program, recognised by texts in its arguments, in this order. */
export interface Call {
  readonly program: Program;
  readonly with: readonly string[];
}

/** Where a step can be stopped: just before a program does its work, or when it has and nobody knows. */
export interface Place extends Call {
  readonly side: 'before' | 'after';
}

export function before(call: Call): Place {
  return { ...call, side: 'before' };
}

export function after(call: Call): Place {
  return { ...call, side: 'after' };
}

/** What mooring runs, in the order of an attach and a detach. */
export const NEW_RECORD: Call = { program: 'iscsiadm', with: ['-o new'] };
export const ADD_MAP: Call = { program: 'multipathd', with: ['add map'] };
export const WRITE_BACK: Call = { program: 'sync', with: ['/dev/dm-'] };
export const REMOVE_MAP: Call = { program: 'multipath', with: ['-f '] };
/** Comes when all devices are deleted, and before the first logout. */
export const FORGET_WWID: Call = { program: 'multipath', with: ['-w '] };
export const LOGOUT: Call = { program: 'iscsiadm', with: ['-m session', '--logout'] };
export const DELETE_RECORD: Call = { program: 'iscsiadm', with: ['-o delete'] };

export function loginTo(portal: string): Call {
  return { program: 'iscsiadm', with: [`-p ${portal} `, '--login'] };
}

/** The kernel's function in which a scan waits for a path that gives no answer. */
export const KERNEL_SCAN = 'store_scan';
