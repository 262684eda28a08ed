import { ISCSI_ERR, type IscsiError } from '../kernel/iscsi-initiator.js';
import type { NodeRecord } from '../userland/node-record.js';
import { programEnd, type ProgramEnd } from './command-handler.js';

/** Words of iscsiadm 2.1.8 for iscsid's answers (`usr/iscsi_err.c`). */
const ERROR_TEXTS: Readonly<Partial<Record<IscsiError, string>>> = {
  [ISCSI_ERR.sessionNotFound]: 'session not found',
  [ISCSI_ERR.database]: 'encountered iSCSI database failure',
  [ISCSI_ERR.connectTimeout]: 'connection timed out',
  [ISCSI_ERR.pduTimeout]: 'iSCSI PDU timed out',
  [ISCSI_ERR.sessionExists]: 'session exists',
  [ISCSI_ERR.fatalLogin]: 'encountered non-retryable iSCSI login failure',
  [ISCSI_ERR.noObjects]: 'no objects found',
  [ISCSI_ERR.loginAuthorisation]: 'iSCSI login failed due to authorization failure',
};

export function errorText(answer: IscsiError): string {
  return ERROR_TEXTS[answer] ?? 'unknown error';
}

export function reportedError(answer: IscsiError): string {
  return `iscsiadm: initiator reported error (${answer} - ${errorText(answer)})\n`;
}

export function databaseFailure(): ProgramEnd {
  return programEnd(ISCSI_ERR.database, { stderr: reportedError(ISCSI_ERR.database) });
}

export function noRecords(): ProgramEnd {
  return programEnd(ISCSI_ERR.noObjects, { stderr: 'iscsiadm: No records found\n' });
}

export function missingIface(iface: string): string {
  return (
    `iscsiadm: Could not read iface info for ${iface}. Make sure an iface config with the file ` +
    `name and iface.iscsi_ifacename ${iface} is in /etc/iscsi/ifaces.\n`
  );
}

/** `[iface: default, target: iqn…, portal: 10.0.0.1,3260]` */
export function nodeName({ iface, iqn, address, port }: NodeRecord): string {
  return `[iface: ${iface}, target: ${iqn}, portal: ${address},${port}]`;
}

/** `10.0.0.1:3260,1` in listings, IPv6 in brackets. */
export function listedPortal(address: string, port: number, tpgt: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port},${tpgt}`;
}
