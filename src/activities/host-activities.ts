import type { HostSteps } from '../model/steps.js';
import { checkHostStep } from './check-host.js';
import { discoverPathsStep } from './discover-paths.js';
import { ensureMapStep } from './ensure-map.js';
import { ensureSessionStep } from './ensure-session.js';
import { findPathDeviceStep } from './find-path-device.js';
import { flushDeviceStep } from './flush-device.js';
import { createHostContext, type HostDependencies } from './host-context.js';
import { inspectAttachmentStep } from './inspect-attachment.js';
import { planDetachStep } from './plan-detach.js';
import { releaseSessionStep } from './release-session.js';
import { removePathDevicesStep } from './remove-path-devices.js';
import { verifyAbsentStep } from './verify-absent.js';

/** The steps of one host, for its worker. Names are activity types: never renamed. */
export function createHostActivities(dependencies: HostDependencies): HostSteps {
  const host = createHostContext(dependencies);
  return {
    checkHost: checkHostStep(host),
    discoverPaths: discoverPathsStep(host),
    ensureSession: ensureSessionStep(host),
    findPathDevice: findPathDeviceStep(host),
    ensureMap: ensureMapStep(host),
    inspectAttachment: inspectAttachmentStep(host),
    planDetach: planDetachStep(host),
    flushDevice: flushDeviceStep(host),
    removePathDevices: removePathDevicesStep(host),
    releaseSession: releaseSessionStep(host),
    verifyAbsent: verifyAbsentStep(host),
  };
}
