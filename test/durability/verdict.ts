import { strip } from '../torture/oracle/things.js';
import type { Answer } from './asker.js';
import type { Evidence } from './evidence.js';

/** What mooring itself would call a defect; no fault excuses it. */
const DEFECTS = new Set(['InternalFault', 'ServerFault', 'no OperationError', 'StillRunning']);

/** Whether the host is not what it was: nothing more can be tried there. */
export function isSpoilt(evidence: Evidence): boolean {
  return hostIsAsBefore(evidence).length > 0 || neighbourIsUntouched(evidence).length > 0;
}

/**
 * Judges one cell: the volume is up and right, or the host is as before; everybody was answered once,
 * and always the same; nobody else's volume was touched.
 *
 * @returns what is wrong; nothing when all is well
 */
export function judge(evidence: Evidence): string[] {
  return [
    ...endedWhereItHadTo(evidence),
    ...volumeIsRight(evidence),
    ...hostIsAsBefore(evidence),
    ...contentIsKept(evidence),
    ...callersWereAnswered(evidence),
    ...updatesWereAnsweredOnce(evidence),
    ...nothingWasDoneTwice(evidence),
    ...neighbourIsUntouched(evidence),
  ];
}

function endedWhereItHadTo({ end, open }: Evidence): string[] {
  const seen = open === undefined ? 'absent' : 'attached';
  return end === 'either' || end === seen ? [] : [`the volume is ${seen}, it had to be ${end}`];
}

/** The device is up, leads to the volume, and the ledger says so. */
function volumeIsRight({ open, patterns, paths }: Evidence): string[] {
  if (open === undefined) return [];
  const { view, bootId, content, look } = open;
  const text = patterns.at(-1) ?? '';
  const devices = look.snapshot.scsiDevices
    .filter(({ wwid }) => wwid !== undefined && view.wwid?.endsWith(wwid.slice('naa.'.length)))
    .map(({ disk }) => `/dev/${disk}`)
    .sort();
  const ledgers = view.paths.flatMap(({ device }) => device ?? []).sort();
  const map = look.snapshot.maps.find(({ uuid }) => uuid === `mpath-${view.wwid ?? ''}`);
  const slaves = (map?.slaves ?? []).map((slave) => `/dev/${slave}`).sort();
  return [
    ...unless(view.state === 'attached', `the ledger says ${view.state}`),
    ...unless(view.bootId === bootId, 'the ledger knows the volume from an earlier boot'),
    ...unless(content.byDevice === text, `the device reads "${content.byDevice}", not "${text}"`),
    ...unless(content.byLink === text, `the link reads "${content.byLink}", not "${text}"`),
    ...unless(devices.length === paths, `the volume has ${devices.length} devices of ${paths}`),
    ...unless(same(devices, ledgers), `ledger ${ledgers.join(' ')}, host ${devices.join(' ')}`),
    ...unless(`/dev/${map?.name ?? ''}` === view.device, `the map is ${map?.name ?? 'missing'}`),
    ...unless(same(slaves, devices), `the map lies on ${slaves.join(' ')}`),
  ];
}

/** After the detach at the latest: session for session, record for record, claim for claim. */
function hostIsAsBefore({ before, after, isBooted }: Evidence): string[] {
  if (!isBooted && same(before, after)) return [];
  const [then, now] = [strip(before), strip(after)];
  const differences = (Object.keys(then) as (keyof typeof then)[]).flatMap((kind) => [
    ...now[kind].filter((thing) => !then[kind].includes(thing)).map((it) => `${kind} left: ${it}`),
    ...then[kind].filter((thing) => !now[kind].includes(thing)).map((it) => `${kind} lost: ${it}`),
  ]);
  if (differences.length > 0 || isBooted) return differences;
  const changed = (Object.keys(before.snapshot) as (keyof typeof before.snapshot)[])
    .filter((part) => !same(before.snapshot[part], after.snapshot[part]))
    .map((part) => `${part} ${JSON.stringify(after.snapshot[part])}`);
  return [`the host is not what it was: ${changed.join('; ')}`];
}

function contentIsKept({ onArray, patterns, isBooted, open }: Evidence): string[] {
  // A host that lost its power may lose what was only in its cache.
  const allowed = isBooted && open === undefined ? patterns : patterns.slice(-1);
  return unless(
    allowed.includes(onArray),
    `the array has "${onArray}", not "${allowed.join('" or "')}"`,
  );
}

function callersWereAnswered({ answers, failsWith, mayFailWith }: Evidence): string[] {
  return answers.flatMap(({ what, answer }) => {
    if ('ok' in answer) {
      const hadToFail = what === 'attach' && failsWith !== undefined;
      return hadToFail ? [`the ${what} succeeded, it had to fail with ${failsWith}`] : [];
    }
    const { failure, message } = answer;
    const isExpected = failure === failsWith || mayFailWith.includes(failure);
    return isExpected && !DEFECTS.has(failure)
      ? []
      : [`the ${what} failed with ${failure}: ${message}`];
  });
}

/** Once on record, and what was heard is what anybody hears who asks for the same. */
function updatesWereAnsweredOnce({ updates, answers, askedOnceMore }: Evidence): string[] {
  const heard = [...answers, ...(askedOnceMore === undefined ? [] : [askedOnceMore])];
  return [
    ...updates.flatMap(({ updateId, answers: count }) =>
      unless(count === 1, `update ${updateId} has ${count} answers`),
    ),
    ...heard.flatMap(({ requestId, answer }) => {
      const known = updates.filter(({ updateId }) => updateId.includes(requestId));
      const isKnown = known.some(({ again }) => isSameAnswer(answer, again));
      const [said, again] = [answer, known.map((each) => each.again)].map((it) =>
        JSON.stringify(it),
      );
      return unless(isKnown || known.length === 0, `the answer was ${said}, asked again ${again}`);
    }),
    ...(askedOnceMore === undefined
      ? []
      : answers
          .filter(({ requestId }) => requestId === askedOnceMore.requestId)
          .flatMap(({ answer }) =>
            unless(
              isSameAnswer(answer, askedOnceMore.answer),
              `the answer was ${JSON.stringify(answer)}, ` +
                `to the same request later ${JSON.stringify(askedOnceMore.answer)}`,
            ),
          )),
  ];
}

/** However often somebody asks with the same request id, as long as the run is the same. */
function nothingWasDoneTwice({ answers, updates }: Evidence): string[] {
  return answers.flatMap(({ what, requestId }) => {
    const found = updates.filter(({ updateId }) => updateId.includes(requestId));
    const runs = new Set(found.map(({ runId }) => runId));
    const ids = found.map(({ updateId }) => updateId).join(', ');
    return unless(
      found.length <= runs.size,
      `the ${what} was taken up ${found.length} times: ${ids}`,
    );
  });
}

function isSameAnswer(answer: Answer, again: Answer): boolean {
  if ('ok' in answer || 'ok' in again) return same(answer, again);
  return answer.message === again.message;
}

function neighbourIsUntouched({ neighbour, neighbourText }: Evidence): string[] {
  const { view, text } = neighbour;
  return [
    ...unless(view.state === 'attached', `the neighbour is ${view.state}`),
    ...unless(text === neighbourText, `the neighbour reads "${text}", not "${neighbourText}"`),
  ];
}

function unless(holds: boolean, what: string): string[] {
  return holds ? [] : [what];
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
