import type { FileTree } from '../../host/file-tree.js';
import type { PortalNetwork } from '../../host/portal-network.js';
import type { CommandRunner } from '../../privileged/command-runner.js';
import type { FileWriter } from '../../privileged/file-writer.js';
import type { ArrayControl, HostControl } from '../host-control.js';

/** What is called across the socket, by room; a boundary is set by messages of its own. */
export const CALLS = {
  runner: ['run'],
  files: ['readText', 'list', 'realPath', 'readLink', 'readLinks', 'blockNumber'],
  writer: ['writeAttribute', 'replaceFile', 'removeFile', 'keepFile'],
  network: ['knock'],
  control: [
    'snapshot',
    'runs',
    'now',
    'addFault',
    'removeFault',
    'clearFaults',
    'reboot',
    'powerOff',
    'powerOn',
    'writeThrough',
    'readThrough',
    'isDirty',
    'partition',
    'mount',
    'unmount',
    'swapOn',
    'swapOff',
    'holdOpen',
    'mountElsewhere',
    'close',
    'addHolder',
    'removeHolder',
  ],
  array: [
    'addVolume',
    'addTarget',
    'removeTarget',
    'setDiscoveryChap',
    'mapLun',
    'unmapLun',
    'resizeVolume',
    'setPortal',
    'readVolume',
  ],
} as const satisfies {
  readonly runner: readonly (keyof CommandRunner)[];
  readonly files: readonly (keyof FileTree)[];
  readonly writer: readonly (keyof FileWriter)[];
  readonly network: readonly (keyof PortalNetwork)[];
  readonly control: readonly (keyof HostControl)[];
  readonly array: readonly (keyof ArrayControl)[];
};

export type Room = keyof typeof CALLS;

/** The three messages a boundary takes. */
export const BOUNDARY_CALLS = {
  set: 'boundary.set',
  reached: 'boundary.reached',
  release: 'boundary.release',
} as const;
