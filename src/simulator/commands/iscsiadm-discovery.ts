import { parsePortal } from '../../contract/portal.js';
import { ISCSI_ERR } from '../kernel/iscsi-initiator.js';
import type { DiscoveredPortal } from '../storage-array.js';
import type { DiscoverySettings } from '../userland/discovery-database.js';
import { recordPortal, type TypedPortal } from '../userland/node-database.js';
import { programEnd, type ProgramEnd } from './command-handler.js';
import type { IscsiadmMode, Machine } from './iscsiadm-mode.js';
import type { IscsiadmOptions } from './iscsiadm-options.js';
import {
  databaseFailure,
  errorText,
  listedPortal,
  missingIface,
  noRecords,
} from './iscsiadm-words.js';

/** What is done with the answer. */
interface Discovery {
  readonly portal: TypedPortal;
  readonly ifaces: readonly string[];
  readonly settings: DiscoverySettings;
  /** Of `new`, `update`, `delete`, `nonpersistent`; without any all of the first three. */
  readonly ops: readonly string[];
}

/**
 * `iscsiadm -m discovery -t sendtargets`: asks with iscsid.conf's settings, whatever a record of the
 * portal says; persistent, it writes that record anew.
 */
export const discoveryMode: IscsiadmMode = async (machine, options) => {
  const { portal } = options;
  if (portal === undefined || !isSendTargets(options)) return undefined;
  const discovery = discoveryOf(options, portal, machine.host.discoveries.defaults);
  if (isPersistent(discovery)) machine.host.discoveries.create(portal);
  return discover(machine, discovery);
};

/** `iscsiadm -m discoverydb -t sendtargets`: records of discovery portals, and asking by them. */
export const discoveryRecordMode: IscsiadmMode = async (machine, options) => {
  const { host, running } = machine;
  const { portal } = options;
  if (portal === undefined || !isSendTargets(options)) return undefined;
  if (options.has('--discover')) {
    const own = host.discoveries.read(portal);
    const discovery = discoveryOf(options, portal, own ?? host.discoveries.defaults);
    if (own === undefined && isPersistent(discovery)) host.discoveries.create(portal);
    return discover(machine, discovery);
  }
  await running.boot.sleep(host.durations.recordNew);
  const op = options.get('--op');
  const name = `[${portal.address},${portal.port}]`;
  if (op === 'new') {
    host.discoveries.create(portal);
    const stdout = `New discovery record for ${name} added.\n`;
    return programEnd(ISCSI_ERR.success, { stdout });
  }
  const text = host.discoveries.text(portal);
  if (text === undefined) {
    const stderr = `iscsiadm: Discovery record ${name} not found.\n`;
    return programEnd(ISCSI_ERR.database, { stderr });
  }
  if (op === undefined || op === 'show') return programEnd(ISCSI_ERR.success, { stdout: text });
  if (op === 'delete') {
    host.discoveries.delete(portal);
    return programEnd(ISCSI_ERR.success);
  }
  const [setting, value] = [options.get('--name'), options.get('--value')];
  if (op !== 'update' || setting === undefined || value === undefined) return undefined;
  host.discoveries.update(portal, setting, value);
  return programEnd(ISCSI_ERR.success);
};

function isSendTargets(options: IscsiadmOptions): boolean {
  return ['st', 'sendtargets'].includes(options.get('--type') ?? '');
}

function discoveryOf(
  options: IscsiadmOptions,
  portal: TypedPortal,
  settings: DiscoverySettings,
): Discovery {
  const ifaces = options.all('--interface');
  const ops = options.all('--op').flatMap((each) => each.split(','));
  return { portal, ifaces, settings, ops };
}

function isPersistent({ ops }: Discovery): boolean {
  return !ops.includes('nonpersistent');
}

async function discover(machine: Machine, discovery: Discovery): Promise<ProgramEnd> {
  const { host, running } = machine;
  const { portal, ifaces, settings } = discovery;
  const unknown = ifaces.filter((iface) => !host.ifaces.has(iface));
  const complaints = unknown.map(missingIface).join('');
  const usable = ifaces.filter((iface) => !unknown.includes(iface));
  if (ifaces.length > 0 && usable.length === 0) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    return programEnd(ISCSI_ERR.noObjects, { stderr: complaints });
  }
  if (!(await connect(machine, portal, settings))) return unreachable(machine, discovery);
  const answer = host.network.array.answerDiscovery(recordPortal(portal), settings.chap);
  if (answer === 'unauthorised') {
    const error = ISCSI_ERR.loginAuthorisation;
    return programEnd(error, {
      stderr:
        `iscsiadm: discovery login to ${portal.address} rejected: initiator failed authorization\n` +
        `iscsiadm: Could not perform SendTargets discovery: ${errorText(error)}\n`,
    });
  }
  if (answer.length === 0) return { ...noRecords(), stderr: 'iscsiadm: No portals found\n' };
  if (isPersistent(discovery)) {
    if (host.faults.has('disk-full', ({ under }) => '/etc/iscsi/nodes'.startsWith(under))) {
      return databaseFailure();
    }
    remember(machine, discovery, { answer, ifaces: usable.length > 0 ? usable : ['default'] });
  }
  const shown = Math.max(1, usable.length);
  const lines = answer.flatMap(({ iqn, portal: found, tpgt }) => {
    const { address, port } = parsePortal(found);
    return new Array<string>(shown).fill(`${listedPortal(address, port, tpgt)} ${iqn}\n`);
  });
  return programEnd(ISCSI_ERR.success, { stdout: lines.join(''), stderr: complaints });
}

/** One connection after the other, each with its own bound; a refused one is tried again at once. */
async function connect(
  { host, running }: Machine,
  portal: TypedPortal,
  settings: DiscoverySettings,
): Promise<boolean> {
  const { boot, changes } = running;
  const { network, durations } = host;
  const name = recordPortal(portal);
  // A target that is not known to a portal matters to logins only.
  const answers = (): boolean =>
    network.carries(name) || network.condition(name).kind === 'wrong-target';
  const isSilent = (): boolean => network.condition(name).kind === 'dropped';
  const attemptMs = settings.loginTimeoutSeconds * 1000;
  for (let attempt = 0; attempt <= settings.reopenMax; attempt += 1) {
    const boundMs = isSilent() ? attemptMs : durations.discoveryRetry;
    if (await boot.waitFor(answers, () => changes.next(), boundMs)) {
      await boot.sleep(durations.discovery + network.latencyMs(name));
      return true;
    }
  }
  return false;
}

function unreachable({ host }: Machine, { portal, settings }: Discovery): ProgramEnd {
  const why =
    host.network.condition(recordPortal(portal)).kind === 'resetting'
      ? `iscsiadm: cannot make connection to ${portal.address}: Connection refused\n`
      : `iscsiadm: connect to ${portal.address} timed out\n`;
  return programEnd(ISCSI_ERR.pduTimeout, {
    stderr:
      why.repeat(settings.reopenMax + 1) +
      `iscsiadm: connection login retries (reopen_max) ${settings.reopenMax} exceeded\n` +
      `iscsiadm: Could not perform SendTargets discovery: ${errorText(ISCSI_ERR.pduTimeout)}\n`,
  });
}

/** Node records of what was found: anew where there is one, and those of what is not found any more go. */
function remember(
  { host }: Machine,
  { portal, ops }: Discovery,
  found: { readonly answer: readonly DiscoveredPortal[]; readonly ifaces: readonly string[] },
): void {
  const wanted = ops.length === 0 ? ['new', 'update', 'delete'] : ops;
  const source = { address: portal.address, port: portal.port };
  const ends = found.answer.map((each) => ({ ...each, ...parsePortal(each.portal) }));
  if (wanted.includes('delete')) {
    for (const record of host.nodes.all()) {
      const ofSource =
        record.source?.address === source.address && record.source.port === source.port;
      const isFound = ends.some(
        (end) =>
          end.iqn === record.iqn && end.address === record.address && end.port === record.port,
      );
      if (ofSource && !isFound) host.nodes.delete(record);
    }
  }
  for (const { iqn, address, port, tpgt } of ends) {
    for (const iface of found.ifaces) {
      const end = { address, port, tpgt };
      const [old] = host.nodes.match({ iqn, portal: end, iface });
      if (old !== undefined && !wanted.includes('update')) continue;
      if (old === undefined && !wanted.includes('new')) continue;
      if (old !== undefined) host.nodes.delete(old);
      host.nodes.create({ iqn, portal: end, iface, source });
    }
  }
}
