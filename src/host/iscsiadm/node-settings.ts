import type { RecordSettings } from './node-record.js';

/** A CHAP name with the secret itself. Lives as long as it takes to write the record. */
export interface ResolvedChap {
  readonly username: string;
  readonly password: string;
}

const LOGOUT_TIMEOUT_SECONDS = '2';

export interface WantedSettings {
  readonly loginTimeoutSeconds: number;
  readonly chap?: ResolvedChap;
  readonly mutualChap?: ResolvedChap;
}

/**
 * What a node record must say before mooring logs in with it. Manual start-up, so that nothing half
 * forgotten comes back at boot; manual scanning, so that no LUN but the wanted one appears; one bounded
 * attempt, since further ones belong to the workflow. Credentials that are not given are taken out.
 *
 * A logout that gets no answer is over soon (iscsid's default is 15 s): the devices are gone by then,
 * and to a target that still listens the end of the connection says the same.
 */
export function mooringSettings(wanted: WantedSettings): RecordSettings {
  const { chap, mutualChap } = wanted;
  return {
    'node.startup': 'manual',
    'node.conn[0].startup': 'manual',
    'node.session.scan': 'manual',
    'node.session.initial_login_retry_max': '1',
    'node.conn[0].timeo.login_timeout': String(wanted.loginTimeoutSeconds),
    'node.conn[0].timeo.logout_timeout': LOGOUT_TIMEOUT_SECONDS,
    'node.session.auth.authmethod': chap === undefined ? 'None' : 'CHAP',
    'node.session.auth.username': chap?.username,
    'node.session.auth.password': chap?.password,
    'node.session.auth.username_in': mutualChap?.username,
    'node.session.auth.password_in': mutualChap?.password,
  };
}
