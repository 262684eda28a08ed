/**
 * Ids of changes that open runs do not know yet: `patched(ID)` is false while such a run is replayed,
 * and true from there on. Docs and procedure: `docs/upgrades.md`. Never renamed, never used twice.
 */

/** 0.1.0, November 2026. A host is not looked for while a person decides. */
export const NO_LOOK_WHILE_ASKING = 'no-look-while-asking';

/** 0.1.0, November 2026. The write-back evaluates the gates; a detach has no step that only looks. */
export const FLUSH_LOOKS_FIRST = 'flush-looks-first';

/** 0.1.0, November 2026. What is asked comes after what had happened, see `earlier-events.ts`. */
export const EVENTS_FIRST = 'events-first';

/** 0.1.0, November 2026. A path that comes late with another volume than the one in use is undone. */
export const STRANGERS_LEAVE = 'strangers-leave';
