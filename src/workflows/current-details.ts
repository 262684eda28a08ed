import type { AttachmentView } from '../model/attachment.js';

/** The server takes 20 kB of details; what lies beyond helps nobody in the web UI. */
const DETAILS_MAX_CHARACTERS = 8_000;

/** What the web UI shows of an attachment, as markdown. */
export function currentDetails(view: AttachmentView): string {
  const lines = [
    `**${view.state}** since ${view.since}: volume \`${view.volumeId}\` on host \`${view.hostId}\``,
    '',
    ...(view.device === undefined
      ? []
      : [
          `Device \`${view.device}\`, WWID \`${view.wwid ?? ''}\`, ${view.sizeBytes ?? 0} bytes`,
          '',
        ]),
    ...view.paths.map(
      (path) =>
        `- ${path.portal} LUN ${path.lun}: ${path.state}` +
        (path.device === undefined ? '' : ` as \`${path.device}\``) +
        (path.failure === undefined ? '' : ` (${path.failure.type}: ${path.failure.message})`),
    ),
    ...(view.recovering === undefined
      ? []
      : ['', 'Its host was booted: it is being brought up again.', '']),
    ...view.warnings.map((warning) => `- warning: ${warning}`),
    ...(view.question === undefined ? [] : ['', `**A person must decide:** ${view.question}`]),
    ...(view.lastFailure === undefined
      ? []
      : ['', `Last failure: ${view.lastFailure.type}: ${view.lastFailure.message}`]),
    ...(view.undo ?? []).map(
      ({ step, outcome, message }) =>
        `- undo: ${step}: ${outcome}${message === undefined ? '' : ` (${message})`}`,
    ),
  ];
  return lines.join('\n').slice(0, DETAILS_MAX_CHARACTERS);
}
