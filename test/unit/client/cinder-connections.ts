/**
 * Connections in the shapes that families of Cinder drivers give, with data of our own. `password` is
 * SECRET everywhere, so that a test can look for it.
 */

export const SECRET = 'xyzzy-Qe7-never-to-be-seen';
export const IQN = 'iqn.2026-11.io.example:array1';
export const OTHER_IQN = 'iqn.2026-11.io.example:array2';
export const VOLUME_ID = '1f8c2f6e-4a3f-4a1b-9d53-6d1f1f0f2a77';

/** What Cinder itself adds to the data of every driver. */
const ADDED = {
  qos_specs: null,
  access_mode: 'rw',
  encrypted: false,
  cacheable: false,
  enforce_multipath: false,
};

const CHAP = { auth_method: 'CHAP', auth_username: 'db-17', auth_password: SECRET };

export function connection(data: object, type = 'iscsi'): object {
  return { driver_volume_type: type, data: { ...data, ...ADDED } };
}

/** LVM with LIO or tgt: one portal, secret made by Cinder. Synology and Zadara are alike. */
export const LVM = connection({
  target_discovered: false,
  target_portal: '10.0.0.1:3260',
  target_iqn: IQN,
  target_lun: 0,
  volume_id: VOLUME_ID,
  ...CHAP,
  discard: true,
});

/** LVM with `target_secondary_ip_addresses`; Infinidat, Unity, VNX and XtremIO are alike. */
export const LISTS_AND_SINGULAR = connection({
  target_discovered: true,
  target_portal: '10.0.0.1:3260',
  target_iqn: IQN,
  target_lun: 4,
  target_portals: ['10.0.0.1:3260', '10.0.1.1:3260'],
  target_iqns: [IQN, IQN],
  target_luns: [4, 4],
  volume_id: VOLUME_ID,
});

/** NetApp: the same secret for discovery and sessions, whether there is a discovery or not. */
export const NETAPP = connection({
  target_discovered: false,
  target_portal: '10.0.0.1:3260',
  target_iqn: IQN,
  target_lun: 7,
  target_portals: ['10.0.0.1:3260', '10.0.1.1:3260'],
  target_iqns: [IQN, IQN],
  target_luns: [7, 7],
  volume_id: VOLUME_ID,
  ...CHAP,
  discovery_auth_method: 'CHAP',
  discovery_auth_username: 'db-17-discovery',
  discovery_auth_password: SECRET,
});

/** Pure Storage: lists only, SAM2, the volume's WWN; with ActiveCluster a LUN for each array. */
export const PURE = connection({
  target_discovered: false,
  discard: true,
  addressing_mode: 'SAM2',
  target_portals: ['10.0.0.1:3260', '[fd00::7]:3260', '10.0.8.1:3260'],
  target_iqns: [IQN, IQN, OTHER_IQN],
  target_luns: [300, 300, 12],
  wwn: '3624A9370C0FFEE00112233440001A2B3',
});

/** HPE 3PAR and Hitachi in multipath mode: lists only. Huawei too, with an IQN for each port. */
export const LISTS_ONLY = connection({
  target_portals: ['10.0.0.1:3260', '10.0.1.1:3260'],
  target_iqns: [`${IQN}.port0`, `${IQN}.port1`],
  target_luns: [1, 1],
  target_discovered: true,
});

/** Kaminario, 3PAR and XIV without multipath: one portal of many, although "discovered". */
export const MAIN_PORTAL = connection({
  target_discovered: true,
  target_portal: '10.0.0.1:3260',
  target_iqn: IQN,
  target_lun: 5,
});

/** XtremIO with CHAP for discovery. */
export const DISCOVERY_CHAP = connection({
  target_discovered: false,
  target_portal: '10.0.0.1:3260',
  target_iqn: IQN,
  target_lun: 2,
  ...CHAP,
  discovery_auth_method: 'CHAP',
  discovery_auth_username: 'chap_user',
  discovery_auth_password: SECRET,
});

/** Dell SC when its live volume could not be mapped; ProphetStor before it has found anything. */
export const NOTHING_FOUND = connection({
  target_discovered: false,
  target_iqn: null,
  target_iqns: [],
  target_portal: null,
  target_portals: [],
  target_lun: null,
  target_luns: [],
});

/** The answer of the attachments API: the same fields without `data`. */
export const ATTACHMENT = {
  attachment: {
    id: '7d6b5c3a-0f0e-4f3c-9a64-0c5b7d2c1e11',
    status: 'attaching',
    volume_id: VOLUME_ID,
    attach_mode: 'rw',
    connection_info: {
      driver_volume_type: 'iscsi',
      attachment_id: '7d6b5c3a-0f0e-4f3c-9a64-0c5b7d2c1e11',
      target_portal: '10.0.0.1:3260',
      target_iqn: IQN,
      target_lun: 3,
      volume_id: VOLUME_ID,
      ...ADDED,
    },
  },
};
