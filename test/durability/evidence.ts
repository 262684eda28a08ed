import type { AttachmentView } from '../../src/model/attachment.js';
import type { HostLook } from '../torture/host-look.js';
import type { Answer, Question } from './asker.js';
import type { End } from './operations.js';
import type { UpdateRecord } from './run-book.js';

/** What the volume reads as, by each way to it. */
export interface Content {
  readonly byDevice: string;
  readonly byLink: string;
}

/** The neighbour after everything. */
export interface NeighbourSeen {
  readonly view: AttachmentView;
  readonly text: string;
}

/** What one cell of the matrix left, for the verdict. */
export interface Evidence {
  /** Where the volume had to end. */
  readonly end: End | 'either';
  /** What its caller had to hear; `undefined`: success. */
  readonly failsWith: string | undefined;
  /** What callers may hear instead, because of the fault. */
  readonly mayFailWith: readonly string[];
  readonly answers: readonly {
    readonly what: Question['what'];
    readonly requestId: string;
    readonly answer: Answer;
  }[];
  /** The answer to the same attach, asked once more while the volume was attached. */
  readonly askedOnceMore?: { readonly requestId: string; readonly answer: Answer };
  readonly updates: readonly UpdateRecord[];
  /** Absent when no attachment was open in the end. */
  readonly open?: {
    readonly view: AttachmentView;
    readonly bootId: string;
    readonly content: Content;
    readonly look: HostLook;
  };
  /** The host before, and when the volume had left it, or had been detached at last. */
  readonly before: HostLook;
  readonly after: HostLook;
  /** Names that a boot gives anew do not count. */
  readonly isBooted: boolean;
  readonly onArray: string;
  /** What may be on the volume. */
  readonly patterns: readonly string[];
  readonly neighbour: NeighbourSeen;
  readonly neighbourText: string;
  readonly paths: number;
}
