import { failed, passed, type Gate } from './gate.js';

/** How the write-back before a removal went. */
export interface WriteBackFacts {
  /** Map or device: `map mpatha`. */
  readonly what: string;
  /** How many paths took I/O before it. */
  readonly usable: number;
  readonly isWritten: boolean;
  /** Why it is not. */
  readonly said: string;
  /**
   * `write-back`: nothing may be lost · `may-be-lost`: a person has approved it · `discard`: nothing
   * may be written, another host may have the volume
   */
  readonly data: 'write-back' | 'may-be-lost' | 'discard';
}

const GATE = 'data-is-written-back';

/** What is dirty has been written back, or somebody answers for its loss. */
export function dataIsWrittenBack({ what, usable, isWritten, said, data }: WriteBackFacts): Gate {
  const paths = `${usable} usable path${usable === 1 ? '' : 's'}`;
  if (data === 'discard') return passed(GATE, `${what}: nothing was to be written back`);
  if (isWritten) return passed(GATE, `${what} was written back over ${paths}`);
  const unwritten = `${what} was not written back, with ${paths}: ${said}`;
  return data === 'may-be-lost'
    ? passed(GATE, `${unwritten}; its loss is approved`)
    : failed(GATE, unwritten);
}
