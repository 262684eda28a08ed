import { VerbContext, type VerbDependencies } from './verb-context.js';
import type { PrivilegedVerbs } from './verbs.js';
import { deleteDevice } from './verbs/delete-device.js';
import { disableQueueing } from './verbs/disable-queueing.js';
import { discoverPortals } from './verbs/discover-portals.js';
import { ensureMap } from './verbs/ensure-map.js';
import { ensureNodeRecord } from './verbs/ensure-node-record.js';
import { findProcessUsers } from './verbs/find-process-users.js';
import { flushDevice, flushMap } from './verbs/flush.js';
import { forgetPaths } from './verbs/forget-paths.js';
import { forgetWwid } from './verbs/forget-wwid.js';
import { hasIface } from './verbs/has-iface.js';
import { isWwidRemembered } from './verbs/is-wwid-remembered.js';
import { listMonitoredPaths } from './verbs/list-monitored-paths.js';
import { logIn } from './verbs/log-in.js';
import { logOut } from './verbs/log-out.js';
import { nodeRecordFate, putBackNodeRecord } from './verbs/original-record.js';
import { removeMap } from './verbs/remove-map.js';
import { removeStaleLinks } from './verbs/remove-stale-links.js';
import { rescanDevice } from './verbs/rescan-device.js';
import { isScanUnderWay, scanLun } from './verbs/scan-lun.js';

/**
 * The privileged verbs of one host over its two seams. One per process: changes of the node database
 * exclude each other only within it.
 */
export function createVerbs(dependencies: VerbDependencies): PrivilegedVerbs {
  const context = new VerbContext(dependencies);
  return {
    discoverPortals: async (input) => discoverPortals(context, input),
    ensureNodeRecord: async (input) => ensureNodeRecord(context, input),
    logIn: async (input) => logIn(context, input),
    logOut: async (input) => logOut(context, input),
    hasIface: async (input) => hasIface(context, input),
    rescanDevice: async (input) => rescanDevice(context, input),
    nodeRecordFate: async (input) => nodeRecordFate(context, input),
    putBackNodeRecord: async (input) => putBackNodeRecord(context, input),
    scanLun: async (input) => scanLun(context, input),
    isScanUnderWay: async (input) => isScanUnderWay(context, input),
    disableQueueing: async (input) => disableQueueing(context, input),
    ensureMap: async (input) => ensureMap(context, input),
    findProcessUsers: async (input) => findProcessUsers(context, input),
    flushMap: async (input) => flushMap(context, input),
    flushDevice: async (input) => flushDevice(context, input),
    removeMap: async (input) => removeMap(context, input),
    deleteDevice: async (input) => deleteDevice(context, input),
    forgetWwid: async (input) => forgetWwid(context, input),
    forgetPaths: async (input) => forgetPaths(context, input),
    removeStaleLinks: async (input) => removeStaleLinks(context, input),
    listMonitoredPaths: async () => listMonitoredPaths(context),
    isWwidRemembered: async (input) => isWwidRemembered(context, input),
  };
}
