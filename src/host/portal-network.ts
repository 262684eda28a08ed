/**
 * How a portal answered a try to open a TCP connection.
 *
 * `refused`: something answered, and nobody listens there now · `silent`: no answer in time ·
 * `unreachable`: this host has no way to it, or no address for its name
 */
export type PortalAnswer = 'open' | 'refused' | 'silent' | 'unreachable';

/**
 * Third seam (design 3): whether a portal takes connections. Asked before a login, because a login
 * is the one thing that nobody can call off: iscsiadm must not be killed, and iscsid goes on.
 */
export interface PortalNetwork {
  /** Opens a connection and closes it at once. Never rejects; ends within the time. */
  knock(portal: string, timeoutMs: number): Promise<PortalAnswer>;
}
