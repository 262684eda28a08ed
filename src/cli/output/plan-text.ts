import type { PlannedStep, PlanResult, VerifyResult } from '../../model/plan.js';
import { renderTable } from './table.js';
import { printable } from './text.js';

/** What an operation would do, for people. */
export function showPlan({ volumeId, hostId, operation, possible, steps }: PlanResult): string {
  const head = possible
    ? `A ${operation} of ${volumeId} on ${hostId} would do this; nothing was changed:`
    : `A ${operation} of ${volumeId} on ${hostId} would be refused; nothing was changed:`;
  if (steps.length === 0) return `Nothing of ${volumeId} is on ${hostId}: there is nothing to do`;
  const table = renderTable<PlannedStep>(
    [
      { header: 'WOULD', value: ({ would }) => would },
      { header: 'STEP', value: ({ step }) => step },
      { header: 'COMMAND', value: ({ command }) => command },
    ],
    steps,
  );
  const gates = steps.flatMap((step) =>
    step.gates.map(({ gate, passed, evidence }) =>
      printable(`${passed ? 'open' : 'SHUT'} ${gate}: ${evidence}`),
    ),
  );
  return [head, table, ...(gates.length === 0 ? [] : [[...new Set(gates)].join('\n')])].join(
    '\n\n',
  );
}

/** What a look at the host says of the ledger, for people. */
export function showVerification({ volumeId, hostId, holds, differences }: VerifyResult): string {
  const head = holds
    ? `${hostId} is as the ledger says of ${volumeId}`
    : `${hostId} differs from what the ledger says of ${volumeId}:`;
  return [head, ...differences.map((difference) => printable(`- ${difference}`))].join('\n');
}
