/**
 * Settings for a server that wants a workflow to carry on in another run after so many events,
 * instead of after 4,096: what takes an attachment days or months otherwise.
 */
export function shortHistories(events: number): readonly string[] {
  return [`limit.historyCount.suggestContinueAsNew=${events}`];
}
