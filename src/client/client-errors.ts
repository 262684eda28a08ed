/**
 * What a call can end with beyond the failures of the contract, with what a person should do. No
 * worker ever fails with these: they say what the client saw.
 *
 * @example
 * ```ts
 * const isOurs = Object.hasOwn(CLIENT_ERRORS, error.type);
 * ```
 */
export const CLIENT_ERRORS = {
  ServerUnreachable:
    'start one with `mooring server`, or set --address or TEMPORAL_ADDRESS to a running one',
  AccessDenied: 'check the API key or the client certificate of the connection profile',
  NamespaceNotReady: 'run `mooring setup`, or set --namespace or TEMPORAL_NAMESPACE',
  ControlWorkerUnavailable: 'start a control worker: `mooring worker control`',
  NotFound: 'see what there is with `mooring list --all`',
  StillRunning:
    'follow it with `mooring status VOLUME --follow`, or ask again with the same request id',
  ServerFault: "look into the Temporal server's log",
} as const satisfies Record<string, string>;

/** Machine names of what only a client can see. */
export type ClientErrorType = keyof typeof CLIENT_ERRORS;
