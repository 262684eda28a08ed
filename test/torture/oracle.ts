import type { Evidence } from './evidence.js';
import { answersOnce } from './oracle/answers.js';
import { contentIsRight, writtenIsKept } from './oracle/content.js';
import { everyoneMoves } from './oracle/progress.js';
import { nobodyElseIsTouched } from './oracle/others.js';
import { hostsAreClean } from './oracle/cleanliness.js';
import { historiesReplay } from './oracle/histories.js';
import { onlyOneHost } from './oracle/exclusion.js';
import { noSecretShows } from './oracle/secrets.js';
import { usersKeepTheirDevices } from './oracle/users.js';

/** A law of mooring's, and how a run broke it. */
export interface Violation {
  readonly law: Law;
  readonly what: string;
}

/** What must hold whatever dies. */
export const LAWS = [
  'content-is-right',
  'written-is-kept',
  'host-is-clean',
  'others-are-untouched',
  'one-host-only',
  'users-keep-their-device',
  'answered-once',
  'everyone-moves',
  'no-secret-shows',
  'histories-replay',
] as const;
export type Law = (typeof LAWS)[number];

type Judge = (evidence: Evidence) => string[];

const JUDGES: Readonly<Record<Law, Judge>> = {
  'content-is-right': contentIsRight,
  'written-is-kept': writtenIsKept,
  'host-is-clean': hostsAreClean,
  'others-are-untouched': nobodyElseIsTouched,
  'one-host-only': onlyOneHost,
  'users-keep-their-device': usersKeepTheirDevices,
  'answered-once': answersOnce,
  'everyone-moves': everyoneMoves,
  'no-secret-shows': noSecretShows,
  'histories-replay': historiesReplay,
};

/** Judges a run by what it left. Shares no code with mooring: what both got wrong would stay hidden. */
export function judge(evidence: Evidence): Violation[] {
  return LAWS.flatMap((law) => JUDGES[law](evidence).map((what) => ({ law, what })));
}
