import type { BootEnvironment } from '../boot-environment.js';
import { ListedMap } from '../listed-map.js';
import type { ChapSecret } from '../storage-array.js';
import { recordPortal } from '../userland/node-database.js';
import type { NodeRecord } from '../userland/node-record.js';
import { takeLowest } from './block-names.js';
import type { ScsiLayer } from './scsi-layer.js';
import type { Session } from './session.js';

/** iscsid's answers, by the numbers iscsiadm exits with (`include/iscsi_err.h`). */
export const ISCSI_ERR = {
  success: 0,
  sessionNotFound: 2,
  noMemory: 3,
  database: 6,
  invalidArgument: 7,
  connectTimeout: 8,
  pduTimeout: 11,
  sessionExists: 15,
  fatalLogin: 19,
  noObjects: 21,
  sysfsLookup: 22,
  loginAuthorisation: 24,
} as const;
export type IscsiError = (typeof ISCSI_ERR)[keyof typeof ISCSI_ERR];

/** Numbers below belong to the machine's own controllers. */
const FIRST_ISCSI_HOST = 2;
/** Share of a login after which the session is visible, in state FREE. */
const VISIBLE_AFTER = 0.6;

interface Parts extends BootEnvironment {
  readonly scsi: ScsiLayer;
}

/**
 * iscsid and the kernel's iSCSI class together: sessions, from login to logout.
 *
 * A session in the making is visible (`FREE`); one whose portal went dies as the record's timers
 * say and comes back when the portal does. Not modelled: redirects, digests, boot-firmware sessions.
 */
export class IscsiInitiator {
  readonly #parts: Parts;
  readonly #sessions = new ListedMap<number, Session>();
  /** How many logins of a record are under way. */
  readonly #loggingIn = new Map<string, number>();
  readonly #recovering = new Set<number>();
  readonly #hosts = new Set<number>();
  #lastSid = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get sessions(): readonly Session[] {
    return this.#sessions.list;
  }

  session(sid: number): Session | undefined {
    return this.#sessions.get(sid);
  }

  ofRecord(record: NodeRecord): Session[] {
    const key = endKey(record);
    return this.sessions.filter((session) => endKey(session) === key);
  }

  /** Makes one session as the record says; ends when it is up and its first scan is done. */
  async logIn(record: NodeRecord): Promise<IscsiError> {
    const key = endKey(record);
    const underWay = this.#loggingIn.get(key) ?? 0;
    // One that is under way is among the sessions only once it is visible.
    const there = this.ofRecord(record).filter(({ phase }) => phase !== 'starting').length;
    if (there + underWay >= record.settings.sessions) return ISCSI_ERR.sessionExists;
    this.#loggingIn.set(key, underWay + 1);
    const answer = await this.#tryLogIn(record);
    this.#loggingIn.set(key, (this.#loggingIn.get(key) ?? 1) - 1);
    return answer;
  }

  /** Ends a session with everything below it. */
  async logOut(sid: number): Promise<IscsiError> {
    const { boot, durations, network } = this.#parts;
    const session = this.#sessions.get(sid);
    if (session?.phase !== 'established') return ISCSI_ERR.sessionNotFound;
    // A connection that is known to be lost is not asked.
    const unheard = session.state === 'LOGGED_IN' && !network.carries(session.portal);
    session.phase = 'ending';
    await boot.sleep(durations.logout / 2);
    for (const device of this.#parts.scsi.ofSession(sid)) this.#parts.scsi.drop(device);
    await boot.sleep(unheard ? session.settings.logoutTimeoutSeconds * 1000 : durations.logout / 2);
    this.#end(session);
    return ISCSI_ERR.success;
  }

  /** Looks at every session again after something changed on the network. */
  networkChanged(): void {
    for (const session of this.sessions) {
      if (session.phase !== 'established' || !isLoggedIn(session)) continue;
      if (this.#recovering.has(session.sid)) continue;
      if (!this.#parts.network.carries(session.portal)) void this.#recover(session);
    }
  }

  async #tryLogIn(record: NodeRecord): Promise<IscsiError> {
    const { boot, durations, network, changes } = this.#parts;
    const { settings } = record;
    const portal = recordPortal(record);
    const boundMs = settings.loginTimeoutSeconds * settings.loginAttempts * 1000;
    const chap = secret(settings.authMethod, settings.username, settings.password);
    const mutualChap = secret(settings.authMethod, settings.usernameIn, settings.passwordIn);
    const attempt = {
      iqn: record.iqn,
      portal,
      ...(chap === undefined ? {} : { chap }),
      ...(mutualChap === undefined ? {} : { mutualChap }),
    };
    // iscsid tries again, all attempts together within the bound, also when a portal answers that
    // knows no such target (lab: exit 8 after 121 s with the defaults).
    const reachable = (): boolean =>
      network.carries(portal) &&
      network.latencyMs(portal) < settings.loginTimeoutSeconds * 1000 &&
      network.array.answerLogin(attempt) !== 'no-target';
    if (!(await boot.waitFor(reachable, () => changes.next(), boundMs))) {
      return ISCSI_ERR.connectTimeout;
    }
    const loginMs = durations.login + network.latencyMs(portal);
    await boot.sleep(loginMs * VISIBLE_AFTER);
    const session = this.#begin(record, portal);
    await boot.sleep(loginMs * (1 - VISIBLE_AFTER));
    const refused = network.secretsRefused(record.iqn);
    const answer = refused ? 'unauthorised' : network.array.answerLogin(attempt);
    if (answer !== 'accepted') {
      this.#end(session);
      return answer === 'target-not-authentic'
        ? ISCSI_ERR.fatalLogin
        : ISCSI_ERR.loginAuthorisation;
    }
    session.phase = 'established';
    session.state = 'LOGGED_IN';
    changes.ring();
    this.networkChanged();
    if (settings.scan === 'auto') await this.#parts.scsi.scan(session, {});
    return ISCSI_ERR.success;
  }

  #begin(record: NodeRecord, portal: string): Session {
    this.#lastSid += 1;
    const { iqn, address, port, iface, settings } = record;
    const scsiHost = takeLowest(this.#hosts) + FIRST_ISCSI_HOST;
    const session: Session = {
      sid: this.#lastSid,
      scsiHost,
      iqn,
      portal,
      address,
      port,
      iface,
      tpgt: this.#parts.network.array.tpgtOf({ iqn, portal }),
      settings,
      phase: 'starting',
      state: 'FREE',
      recoverySeconds: settings.replacementTimeoutSeconds,
    };
    this.#sessions.set(session.sid, session);
    return session;
  }

  #end(session: Session): void {
    session.phase = 'ending';
    for (const device of this.#parts.scsi.ofSession(session.sid)) this.#parts.scsi.drop(device);
    this.#sessions.delete(session.sid);
    this.#hosts.delete(session.scsiHost - FIRST_ISCSI_HOST);
    this.#parts.changes.ring();
  }

  /** A session's way through a failure of its connection. */
  async #recover(session: Session): Promise<void> {
    const { boot, durations, network, changes, scsi } = this.#parts;
    this.#recovering.add(session.sid);
    const over = (): boolean => session.phase !== 'established';
    const back = (): boolean => over() || network.carries(session.portal);
    const changed = (): Promise<void> => changes.next();
    const noticedAfterMs =
      network.condition(session.portal).kind === 'dropped'
        ? session.settings.noopSeconds * 1000
        : durations.connectionReset;
    if (!(await boot.waitFor(back, changed, noticedAfterMs)) && !over()) {
      session.state = 'FAILED';
      scsi.setState(session, 'blocked');
      while (!over() && !isLoggedIn(session)) {
        if (!(await boot.waitFor(back, changed, session.recoverySeconds * 1000)) && !over()) {
          session.state = 'FREE';
          scsi.setState(session, 'transport-offline');
          await boot.waitFor(back, changed, Infinity);
        }
        await boot.sleep(durations.reconnect);
        if (over() || !network.carries(session.portal)) continue;
        session.state = 'LOGGED_IN';
        scsi.setState(session, 'running');
      }
    }
    this.#recovering.delete(session.sid);
    this.networkChanged();
  }
}

function isLoggedIn(session: Session): boolean {
  return session.state === 'LOGGED_IN';
}

/** What two sessions of one initiator may not share. */
function endKey(end: { iqn: string; address: string; port: number; iface: string }): string {
  return `${end.iqn.toLowerCase()} ${recordPortal(end)} ${end.iface}`;
}

function secret(
  authMethod: string,
  username: string | undefined,
  password: string | undefined,
): ChapSecret | undefined {
  if (authMethod !== 'CHAP' || password === undefined) return undefined;
  return { username: username ?? '', secret: password };
}
