import { Writable } from 'node:stream';

/** A stream that keeps what is written, and can pretend to be a terminal. */
export class TextSink extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor({ isTTY = false, columns = 80 }: { isTTY?: boolean; columns?: number } = {}) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }

  /** The lines a terminal would show: cursor moves and erasing carried out, colours left out. */
  screen(): string[] {
    const lines: string[] = [];
    for (const part of this.text.replaceAll(COLOUR, '').split(UP_AND_ERASE)) {
      // Every other part is the number of lines that the cursor goes up.
      if (/^\d+$/.test(part)) lines.splice(lines.length - Number(part));
      else lines.push(...part.split('\n').filter((line) => line !== ''));
    }
    return lines;
  }
}

const ESCAPE = String.fromCharCode(27);
const COLOUR = new RegExp(`${ESCAPE}\\[\\d+m`, 'g');
const UP_AND_ERASE = new RegExp(`${ESCAPE}\\[(\\d+)A${ESCAPE}\\[0J`);
