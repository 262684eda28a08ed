import type { DiskDirectory } from '../files/disk-files.js';
import type { ChapSecret } from '../storage-array.js';
import { sourceDirectory, type NodeDatabase } from './node-database.js';
import type { DiscoverySource } from './node-record.js';
import { readSettings, withSetting } from './settings-text.js';

/** What a discovery goes by. */
export interface DiscoverySettings {
  readonly chap?: ChapSecret;
  readonly loginTimeoutSeconds: number;
  /** Connections after the first that failed. */
  readonly reopenMax: number;
}

const CONFIG_FILE = '/etc/iscsi/iscsid.conf';
const LOGIN_TIMEOUT_SECONDS = 15;
const REOPEN_MAX = 5;

/** open-iscsi's records of sendtargets portals, `<address>,<port>/st_config`, on the disk. */
export class DiscoveryDatabase {
  readonly #disk: DiskDirectory;
  readonly #nodes: NodeDatabase;

  constructor(disk: DiskDirectory, nodes: NodeDatabase) {
    this.#disk = disk;
    this.#nodes = nodes;
  }

  /** What iscsid.conf says. */
  get defaults(): DiscoverySettings {
    return parseSettings(this.#disk.read(CONFIG_FILE) ?? '');
  }

  read(portal: DiscoverySource): DiscoverySettings | undefined {
    const text = this.text(portal);
    return text === undefined ? undefined : parseSettings(text);
  }

  /** The record's text, for a show. */
  text(portal: DiscoverySource): string | undefined {
    return this.#disk.read(configPath(portal));
  }

  /** Writes the record anew, also one that is there, as with 2.1.8. */
  create(portal: DiscoverySource): void {
    this.#disk.write(configPath(portal), newDiscoveryRecord(portal), 0o600);
  }

  update(portal: DiscoverySource, name: string, value: string): void {
    const text = this.text(portal);
    if (text !== undefined) {
      this.#disk.write(configPath(portal), withSetting(text, name, value), 0o600);
    }
  }

  /** With the node records the portal has led to. */
  delete(portal: DiscoverySource): void {
    for (const record of this.#nodes.all()) {
      const { source } = record;
      if (source?.address === portal.address && source.port === portal.port) {
        this.#nodes.delete(record);
      }
    }
    this.#disk.remove(configPath(portal));
    this.#disk.remove(sourceDirectory(portal));
  }
}

function parseSettings(text: string): DiscoverySettings {
  const values = readSettings(text);
  const password = values.get('discovery.sendtargets.auth.password');
  const usesChap = values.get('discovery.sendtargets.auth.authmethod') === 'CHAP';
  const number = (name: string, byDefault: number): number =>
    Number(values.get(`discovery.sendtargets.${name}`) ?? byDefault);
  return {
    loginTimeoutSeconds: number('timeo.login_timeout', LOGIN_TIMEOUT_SECONDS),
    reopenMax: number('reopen_max', REOPEN_MAX),
    ...(usesChap && password !== undefined
      ? {
          chap: {
            username: values.get('discovery.sendtargets.auth.username') ?? '',
            secret: password,
          },
        }
      : {}),
  };
}

function configPath(portal: DiscoverySource): string {
  return `${sourceDirectory(portal)}/st_config`;
}

function newDiscoveryRecord({ address, port }: DiscoverySource): string {
  return `# BEGIN RECORD 2.1.8
discovery.startup = manual
discovery.type = sendtargets
discovery.sendtargets.address = ${address}
discovery.sendtargets.port = ${port}
discovery.sendtargets.auth.authmethod = None
discovery.sendtargets.auth.chap_algs = MD5
discovery.sendtargets.timeo.login_timeout = ${LOGIN_TIMEOUT_SECONDS}
discovery.sendtargets.use_discoveryd = No
discovery.sendtargets.discoveryd_poll_inval = 30
discovery.sendtargets.reopen_max = ${REOPEN_MAX}
discovery.sendtargets.timeo.auth_timeout = 45
discovery.sendtargets.timeo.active_timeout = 30
discovery.sendtargets.iscsi.MaxRecvDataSegmentLength = 32768
# END RECORD
`;
}
