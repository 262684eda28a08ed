import type { Entity, Evidence } from '../evidence.js';

/** Every open attachment makes progress or says for whom it waits; when all is well it gets there. */
export function everyoneMoves({ quiets }: Evidence): string[] {
  return quiets.flatMap(({ kind, entities, later }) => {
    switch (kind) {
      case 'uneasy':
        return entities.flatMap((entity) => silentSince(entity, later));
      case 'quiet':
        return entities.filter((entity) => !hasArrived(entity)).map((entity) => told(entity, kind));
      case 'last':
        return entities.map((entity) => told(entity, kind));
    }
  });
}

function silentSince(entity: Entity, later: readonly Entity[] = []): string[] {
  const now = later.find(({ workflowId }) => workflowId === entity.workflowId);
  if (now === undefined || now.events !== entity.events || now.pending.length > 0) return [];
  if (now.state === 'attached' || now.state === 'degraded') return [];
  if (now.state === 'needs-approval' && now.question !== undefined) return [];
  return [`${now.workflowId} stands still as ${now.state} and waits for nobody`];
}

/** Permanent for a path: only a person can mend it. */
const PERMANENT = new Set([
  ...['LoginRefused', 'TargetNotFound', 'WrongVolume', 'SecretUnavailable', 'HostNotReady'],
]);

function hasArrived({ state, onBoot, missing }: Entity): boolean {
  if (state === 'attached') return true;
  if (state !== 'degraded') return false;
  return onBoot === 'none' || missing.some(({ failure }) => PERMANENT.has(failure ?? ''));
}

function told(entity: Entity, kind: string): string {
  const { workflowId, state, lastFailure, undo, pending, missing } = entity;
  const facts = JSON.stringify({ lastFailure, undo, pending, missing });
  return `${workflowId} is still ${state} when all is healed (${kind}): ${facts}`;
}
