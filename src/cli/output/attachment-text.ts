import type { HistoryStep } from '../../client/history-step.js';
import type { AttachResult, DetachResult, PathResult } from '../../model/attach-result.js';
import type { AttachmentView } from '../../model/attachment.js';
import { renderFields, renderTable } from './table.js';
import { formatSize, formatTime, printable } from './text.js';

/** The answer of an attach, for people. */
export function showAttachResult(result: AttachResult): string {
  return blocks(
    renderFields({
      Volume: `${result.volumeId} on ${result.hostId}`,
      State: result.state,
      ...deviceFields(result),
    }),
    pathTable(result.paths),
    warningLines(result.warnings),
  );
}

/** The answer of a detach, for people. */
export function showDetachResult(result: DetachResult): string {
  const { volumeId, hostId, wasAttached, removed, kept, warnings } = result;
  return blocks(
    renderFields({
      Volume: `${volumeId} on ${hostId}`,
      State: wasAttached ? 'detached' : 'detached; it was not attached',
      Removed: removed.length === 0 ? undefined : removed.join(', '),
      Kept: kept.length === 0 ? undefined : `${kept.join(', ')} (in use by others)`,
    }),
    warningLines(warnings),
  );
}

/** A ledger entry, for people. */
export function showAttachment(
  view: AttachmentView,
  underWay: readonly HistoryStep[] = [],
): string {
  const { volumeId, hostId, access, state, since, request, lastFailure, undo = [] } = view;
  const { question } = view;
  return blocks(
    renderFields({
      Volume: `${volumeId} on ${hostId} (${access})`,
      State: `${state} since ${formatTime(since)}`,
      Recovery: view.recovering && 'its host was booted: it is being brought up again',
      ...deviceFields(view),
      'Asked by': request?.requestedBy,
      Reason: request?.reason,
      'To be decided': question,
      'Last failure': lastFailure && `${lastFailure.type}: ${lastFailure.message}`,
    }),
    pathTable(view.paths),
    underWay.map((step) => `under way: ${printable(underWayText(step))}`).join('\n'),
    undo
      .map(({ step, outcome, message }) => {
        const said = message === undefined ? '' : ` (${message})`;
        return `undo: ${printable(`${step}: ${outcome}${said}`)}`;
      })
      .join('\n'),
    warningLines(view.warnings),
  );
}

function underWayText({ summary, outcome, attempt = 1, startedAt, failure }: HistoryStep): string {
  const taken = outcome === 'waiting' ? ', not taken yet' : '';
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  const last = failure === undefined ? '' : `; last: ${failure.type}: ${failure.message}`;
  return `${summary} since ${formatTime(startedAt)}${taken}${again}${last}`;
}

function deviceFields(
  view: Partial<Pick<AttachResult, 'kind' | 'device' | 'stablePath' | 'wwid' | 'sizeBytes'>>,
): Record<string, string | undefined> {
  const { kind, device, stablePath, wwid, sizeBytes } = view;
  const about = [kind, sizeBytes === undefined ? undefined : formatSize(sizeBytes)].filter(
    (part) => part !== undefined,
  );
  return {
    Device: device === undefined ? undefined : `${device} (${about.join(', ')})`,
    'Stable path': stablePath,
    WWID: wwid,
  };
}

function pathTable(paths: readonly PathResult[]): string {
  if (paths.length === 0) return '';
  return renderTable<PathResult>(
    [
      { header: 'PORTAL', value: ({ portal }) => portal },
      { header: 'TARGET', value: ({ iqn }) => iqn },
      { header: 'LUN', value: ({ lun }) => lun },
      { header: 'STATE', value: ({ state }) => state },
      { header: 'DEVICE', value: ({ device }) => device },
      {
        header: 'FAILURE',
        value: ({ failure }) => failure && `${failure.type}: ${failure.message}`,
      },
    ],
    paths,
  );
}

function warningLines(warnings: readonly string[]): string {
  return warnings.map((warning) => `warning: ${printable(warning)}`).join('\n');
}

function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
