import type { Program } from './command-runner.js';

export interface CommandFailureFacts {
  readonly program: Program;
  /** What it was to bring about: `make a node record`. */
  readonly purpose: string;
  readonly exitCode?: number;
  readonly timedOut?: boolean;
  /** Cut and redacted. */
  readonly said: string;
}

/**
 * A command ended in a way for which its verb has no value. Carries neither the argument list nor the
 * environment nor the executor's own error, which holds both.
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly facts: CommandFailureFacts;

  constructor(facts: CommandFailureFacts) {
    const exit = facts.exitCode === undefined ? '' : ` (exit ${facts.exitCode})`;
    const late = facts.timedOut === true ? ' in time' : '';
    super(`${facts.program} could not ${facts.purpose}${late}${exit}: ${facts.said}`);
    this.facts = facts;
  }
}
