/**
 * Temporal's share of attach and detach: the real server, the real workflows and control steps, a
 * host whose steps do nothing. Prints p50 and p95 in milliseconds and the events of a history.
 *
 * `npm run bench:overhead [-- rounds]`
 */
