import { MissingProgram, type Program } from '../../privileged/command-runner.js';
import { SecretMissing, type PrivilegedVerbs } from '../../privileged/verbs.js';

export type VerbName = keyof PrivilegedVerbs;

/** A call of a verb. Calls are answered in any order. */
export interface VerbCall {
  readonly id: number;
  readonly verb: VerbName;
  /** Plain data; the verb checks it before it does anything. */
  readonly input?: unknown;
}

export type VerbAnswer =
  | { readonly id: number; readonly value?: unknown }
  | { readonly id: number; readonly error: CarriedError };

/** First word of the helper: it may be called. */
export const HELPER_READY = 'ready';

/** What is left of an error after the crossing: neither a stack nor a cause. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly program?: string;
  readonly secretRef?: string;
}

/** The two ends of a channel see each other so. */
export interface MessagePort {
  send(message: unknown): void;
  onMessage(take: (message: unknown) => void): void;
  onClose(closed: () => void): void;
}

/** Every verb by name; one that is missing here fails to compile. */
const VERBS: Readonly<Record<VerbName, true>> = {
  discoverPortals: true,
  ensureNodeRecord: true,
  logIn: true,
  logOut: true,
  hasIface: true,
  rescanDevice: true,
  isScanUnderWay: true,
  nodeRecordFate: true,
  putBackNodeRecord: true,
  scanLun: true,
  disableQueueing: true,
  ensureMap: true,
  findProcessUsers: true,
  flushMap: true,
  flushDevice: true,
  removeMap: true,
  deleteDevice: true,
  forgetWwid: true,
  forgetPaths: true,
  removeStaleLinks: true,
  listMonitoredPaths: true,
  isWwidRemembered: true,
};

export const VERB_NAMES = Object.keys(VERBS) as VerbName[];

export function isVerbCall(message: unknown): message is VerbCall {
  return (
    typeof message === 'object' &&
    message !== null &&
    'id' in message &&
    typeof message.id === 'number' &&
    'verb' in message &&
    typeof message.verb === 'string' &&
    Object.hasOwn(VERBS, message.verb)
  );
}

export function isVerbAnswer(message: unknown): message is VerbAnswer {
  return typeof message === 'object' && message !== null && 'id' in message;
}

export function carryError(error: unknown): CarriedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  return {
    name,
    message,
    ...textField(error, 'code'),
    // By name: a simulated host's own error of this name is of another class.
    ...(name === 'MissingProgram' ? textField(error, 'program') : {}),
    ...(name === 'SecretMissing' ? textField(error, 'secretRef') : {}),
  };
}

function textField<Name extends string>(error: Error, name: Name): Partial<Record<Name, string>> {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? ({ [name]: value } as Record<Name, string>) : {};
}

/** The error as the steps know it: two classes they ask for, and any other by name and code. */
export function restoreError({ name, message, code, program, secretRef }: CarriedError): Error {
  if (program !== undefined) return new MissingProgram(program as Program);
  if (secretRef !== undefined) {
    return new SecretMissing(secretRef, message.replace(`secret ${secretRef}: `, ''));
  }
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}
