import { ISCSI_ERR } from '../kernel/iscsi-initiator.js';
import { programEnd } from './command-handler.js';
import type { IscsiadmMode } from './iscsiadm-mode.js';
import { missingIface } from './iscsiadm-words.js';

/** `iscsiadm -m iface -I NAME -o new|delete`. */
export const ifaceMode: IscsiadmMode = async ({ host, running }, options) => {
  const name = options.get('--interface');
  if (name === undefined) return undefined;
  await running.boot.sleep(host.durations.iscsiadmIdle);
  switch (options.get('--op')) {
    case 'new':
      host.ifaces.add(name);
      return programEnd(ISCSI_ERR.success, { stdout: `New interface ${name} added\n` });
    case 'delete':
      if (!host.ifaces.has(name)) {
        return programEnd(ISCSI_ERR.invalidArgument, { stderr: missingIface(name) });
      }
      for (const record of host.nodes.match({ iface: name })) host.nodes.delete(record);
      host.ifaces.delete(name);
      return programEnd(ISCSI_ERR.success, { stdout: `${name} unbound and deleted.\n` });
    default:
      return undefined;
  }
};
