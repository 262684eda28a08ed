import type { HostLook } from './host-look.js';
import type { Deed, Plan } from './plan.js';

/**
 * What a run has left for the oracle: plain data, times by `performance.now()`. Nothing here is
 * judged; nothing of the product's own reasoning is in it.
 */
export interface Evidence {
  readonly plan: Plan;
  /** Begins every id of this run. */
  readonly tag: string;
  readonly hostIds: readonly string[];
  readonly volumeIds: readonly string[];
  readonly baselines: Readonly<Record<string, HostLook>>;
  /** Begin of each boot but the first. */
  readonly boots: Readonly<Record<string, readonly number[]>>;
  readonly calls: readonly Call[];
  readonly reads: readonly Read[];
  readonly writes: readonly Write[];
  readonly uses: readonly Use[];
  readonly sightings: readonly Sighting[];
  readonly quiets: readonly Quiet[];
  /** When the array mapped another volume to a volume's LUN. */
  readonly reused: readonly {
    readonly volume: number;
    readonly by: number;
    readonly atMs: number;
  }[];
  readonly histories: readonly RunHistory[];
  readonly replays: readonly {
    readonly workflowId: string;
    readonly runId: string;
    readonly error: string;
  }[];
  /** Texts a secret must not be in: answers, states, logs, command lines, details. */
  readonly texts: readonly { readonly what: string; readonly text: string }[];
  /** Content of the array at the end, by volume: offset to text. */
  readonly contents: readonly (readonly string[])[];
  /** What the harness itself could not do in its time. */
  readonly stuck: readonly string[];
}

/** One question to mooring, and its answer. */
export interface Call {
  readonly deed: Deed;
  readonly volumeId: string;
  readonly hostId: string;
  readonly sentAtMs: number;
  answeredAtMs?: number;
  /** What identifies the update on the server; a repeated request may share it. */
  handle?: { readonly workflowId: string; readonly runId: string; readonly updateId: string };
  ok?: unknown;
  error?: {
    readonly type: string;
    readonly message: string;
    readonly facts: unknown;
    readonly cause?: string;
  };
  /** What the server says when it is asked for the outcome once more. */
  again?: unknown;
  /** Sent while everything was healthy, so it must succeed. */
  readonly mustSucceed: boolean;
}

/** A look through a device that was handed out. Absent text: the device gave no answer. */
export interface Read {
  readonly volume: number;
  readonly hostId: string;
  readonly device: string;
  /** What mooring said the device is, in udev's form. */
  readonly wwid: string;
  readonly atMs: number;
  readonly text?: string;
  readonly expectedRight: boolean;
}

/** A pattern written through a device, in a place of its own. */
export interface Write {
  readonly volume: number;
  readonly hostId: string;
  readonly slot: number;
  readonly text: string;
  readonly wwid: string;
  readonly atMs: number;
}

/** A volume in use by a mount or a program. */
export interface Use {
  readonly volume: number;
  readonly hostId: string;
  readonly fromMs: number;
  untilMs: number;
  /** Block device below it. */
  readonly block: string;
}

/** Which of our volumes a host had at a moment, by WWID as the kernel says it. */
export interface Sighting {
  readonly atMs: number;
  readonly hostId: string;
  readonly wwids: readonly string[];
}

/**
 * A look at everything. `uneasy`: in the middle of what goes wrong; `quiet`: all is healed and nothing
 * is under way; `last`: everything is detached as well.
 */
export interface Quiet {
  readonly kind: 'uneasy' | 'quiet' | 'last';
  readonly atMs: number;
  readonly looks: Readonly<Record<string, HostLook>>;
  readonly entities: readonly Entity[];
  /** The same a moment later, after an uneasy look. */
  readonly later?: readonly Entity[];
  /** By host: which boot it is. */
  readonly bootIds: Readonly<Record<string, string>>;
}

/** An open workflow of the run, as the server and its own query show it. */
export interface Entity {
  readonly workflowId: string;
  readonly hostId: string;
  readonly volumeId: string;
  readonly access: string;
  readonly state: string;
  readonly question?: string;
  readonly lastFailure?: string;
  readonly undo?: unknown;
  readonly kind?: string;
  readonly device?: string;
  readonly stablePath?: string;
  readonly wwid?: string;
  readonly missing: readonly { readonly portal: string; readonly failure?: string }[];
  readonly bootId?: string;
  readonly onBoot?: string;
  /** Steps and timers the server holds for it. */
  readonly pending: readonly string[];
  /** How long its history is. */
  readonly events: number;
  /** What was found through what it hands out; only at a quiet look. */
  readonly content?: Content;
}

/** Texts, or how it failed. */
export interface Content {
  readonly byDevice: string;
  readonly byLink: string;
  /** A pattern written through the device and written back, as the volume of its WWID then has it. */
  readonly written: string;
  readonly onArray: string;
}

/** One run's history as plain JSON, payloads decoded. */
export interface RunHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly events: readonly HistoryEvent[];
  /** Everything in it as text, payloads decoded. */
  readonly text: string;
}

export interface HistoryEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly [attributes: string]: unknown;
}
