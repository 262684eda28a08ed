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
    for (const part of this.text.split(/(\u001b\[\d+A\u001b\[0J|\n)/u)) {
      const up = /^\u001b\[(\d+)A/u.exec(part)?.[1];
      if (up !== undefined) lines.splice(lines.length - Number(up));
      else if (part !== '' && part !== '\n') lines.push(part.replaceAll(/\u001b\[\d+m/gu, ''));
    }
    return lines;
  }
}
