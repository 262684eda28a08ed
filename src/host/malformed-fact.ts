/** A file of the kernel or of a tool says something that it cannot say. Treated as unknown. */
export class MalformedFact extends Error {
  override readonly name = 'MalformedFact';
  /** Which file, or which tool's answer. */
  readonly source: string;

  constructor(source: string, problem: string) {
    super(`${source}: ${problem}`);
    this.source = source;
  }
}
