import { readSettings } from './settings-text.js';

/** The settings of a node record that the simulated iscsid obeys. */
export interface NodeSettings {
  readonly startup: string;
  readonly scan: 'auto' | 'manual';
  /** Sessions one login makes, each with its devices. */
  readonly sessions: number;
  readonly loginTimeoutSeconds: number;
  readonly loginAttempts: number;
  readonly logoutTimeoutSeconds: number;
  readonly replacementTimeoutSeconds: number;
  /** From a silent portal to the kernel's verdict: interval and timeout of the NOP-Outs. */
  readonly noopSeconds: number;
  readonly authMethod: string;
  readonly username?: string;
  readonly password?: string;
  readonly usernameIn?: string;
  readonly passwordIn?: string;
}

/** A record that was made without asking the target. */
export const NO_TPGT = -1;

/** Where a discovery was made that led to a record. */
export interface DiscoverySource {
  readonly address: string;
  readonly port: number;
}

/** What iscsiadm 2.1.8 writes into a new record with Debian's iscsid.conf; 67 lines and more. */
export function newNodeRecord(node: {
  readonly iqn: string;
  readonly address: string;
  readonly port: number;
  readonly iface: string;
  readonly tpgt: number;
  /** Absent for a record of `-o new`. */
  readonly source?: DiscoverySource;
}): string {
  const discovery =
    node.source === undefined
      ? 'node.discovery_port = 0\nnode.discovery_type = static'
      : `node.discovery_address = ${node.source.address}\n` +
        `node.discovery_port = ${node.source.port}\nnode.discovery_type = send_targets`;
  return `# BEGIN RECORD 2.1.8
node.name = ${node.iqn}
node.tpgt = ${node.tpgt}
node.startup = manual
node.leading_login = No
iface.iscsi_ifacename = ${node.iface}
iface.prefix_len = 0
iface.transport_name = tcp
iface.vlan_id = 0
iface.vlan_priority = 0
iface.iface_num = 0
iface.mtu = 0
iface.port = 0
iface.tos = 0
iface.ttl = 0
iface.tcp_wsf = 0
iface.tcp_timer_scale = 0
iface.def_task_mgmt_timeout = 0
iface.erl = 0
iface.max_receive_data_len = 0
iface.first_burst_len = 0
iface.max_outstanding_r2t = 0
iface.max_burst_len = 0
${discovery}
node.session.initial_cmdsn = 0
node.session.initial_login_retry_max = 8
node.session.xmit_thread_priority = -20
node.session.cmds_max = 128
node.session.queue_depth = 32
node.session.nr_sessions = 1
node.session.auth.authmethod = None
node.session.auth.chap_algs = MD5
node.session.timeo.replacement_timeout = 120
node.session.err_timeo.abort_timeout = 15
node.session.err_timeo.lu_reset_timeout = 30
node.session.err_timeo.tgt_reset_timeout = 30
node.session.err_timeo.host_reset_timeout = 60
node.session.iscsi.FastAbort = Yes
node.session.iscsi.InitialR2T = No
node.session.iscsi.ImmediateData = Yes
node.session.iscsi.FirstBurstLength = 262144
node.session.iscsi.MaxBurstLength = 16776192
node.session.iscsi.DefaultTime2Retain = 0
node.session.iscsi.DefaultTime2Wait = 2
node.session.iscsi.MaxConnections = 1
node.session.iscsi.MaxOutstandingR2T = 1
node.session.iscsi.ERL = 0
node.session.scan = auto
node.session.reopen_max = 0
node.conn[0].address = ${node.address}
node.conn[0].port = ${node.port}
node.conn[0].startup = manual
node.conn[0].tcp.window_size = 524288
node.conn[0].tcp.type_of_service = 0
node.conn[0].timeo.logout_timeout = 15
node.conn[0].timeo.login_timeout = 15
node.conn[0].timeo.auth_timeout = 45
node.conn[0].timeo.noop_out_interval = 5
node.conn[0].timeo.noop_out_timeout = 5
node.conn[0].iscsi.MaxXmitDataSegmentLength = 0
node.conn[0].iscsi.MaxRecvDataSegmentLength = 262144
node.conn[0].iscsi.HeaderDigest = None
node.conn[0].iscsi.DataDigest = None
node.conn[0].iscsi.IFMarker = No
node.conn[0].iscsi.OFMarker = No
# END RECORD
`;
}

/** A record as iscsid reads it: what it says now, whoever wrote it. */
export interface NodeRecord {
  readonly iqn: string;
  readonly address: string;
  readonly port: number;
  readonly iface: string;
  /** -1 when the record was made without asking the target. */
  readonly tpgt: number;
  readonly source?: DiscoverySource;
  readonly settings: NodeSettings;
}

export function parseNodeRecord(text: string): NodeRecord {
  const values = readSettings(text);
  const number = (name: string, byDefault: number): number => Number(values.get(name) ?? byDefault);
  const credentials = {
    username: values.get('node.session.auth.username'),
    password: values.get('node.session.auth.password'),
    usernameIn: values.get('node.session.auth.username_in'),
    passwordIn: values.get('node.session.auth.password_in'),
  };
  const sourceAddress = values.get('node.discovery_address');
  return {
    iqn: values.get('node.name') ?? '',
    address: values.get('node.conn[0].address') ?? '',
    port: number('node.conn[0].port', 3260),
    iface: values.get('iface.iscsi_ifacename') ?? 'default',
    tpgt: number('node.tpgt', NO_TPGT),
    ...(sourceAddress === undefined
      ? {}
      : { source: { address: sourceAddress, port: number('node.discovery_port', 3260) } }),
    settings: {
      startup: values.get('node.startup') ?? 'manual',
      scan: values.get('node.session.scan') === 'manual' ? 'manual' : 'auto',
      sessions: number('node.session.nr_sessions', 1),
      loginTimeoutSeconds: number('node.conn[0].timeo.login_timeout', 30),
      // 0 means one attempt as well (seen in the lab).
      loginAttempts: Math.max(1, number('node.session.initial_login_retry_max', 4)),
      logoutTimeoutSeconds: number('node.conn[0].timeo.logout_timeout', 15),
      replacementTimeoutSeconds: number('node.session.timeo.replacement_timeout', 120),
      noopSeconds:
        number('node.conn[0].timeo.noop_out_interval', 5) +
        number('node.conn[0].timeo.noop_out_timeout', 5),
      authMethod: values.get('node.session.auth.authmethod') ?? 'None',
      ...Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined)),
    },
  };
}
