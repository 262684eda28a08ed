import process from 'node:process';

/** Prints what was done and how long it took, and remembers what was not as it should be. */
export class Report {
  private readonly faults: string[] = [];

  async timed(what: string, work: () => Promise<unknown>): Promise<void> {
    const since = performance.now();
    await work();
    const seconds = ((performance.now() - since) / 1_000).toFixed(1);
    process.stdout.write(`${seconds.padStart(7)} s  ${what}\n`);
  }

  expect(what: string, seen: number, wanted: number): void {
    if (seen !== wanted) this.faults.push(`${what}: ${seen}, wanted ${wanted}`);
  }

  get isGood(): boolean {
    return this.faults.length === 0;
  }

  get verdict(): string {
    return this.isGood ? 'Nothing is lost.' : `Wrong: ${this.faults.join('; ')}`;
  }
}
