/**
 * Names that callers in other languages use and histories store: never renamed.
 * The functions exported by `src/workflows/index.ts` bear the workflow names.
 */
export const ATTACHMENT_WORKFLOW = 'attachment';
export const ATTACH_VOLUME_WORKFLOW = 'attachVolume';
export const DETACH_VOLUME_WORKFLOW = 'detachVolume';

export const ATTACH_UPDATE = 'attach';
export const DETACH_UPDATE = 'detach';
export const STATE_QUERY = 'state';
export const VERIFY_UPDATE = 'verify';
export const REPAIR_UPDATE = 'repair';
export const PLAN_UPDATE = 'plan';
export const APPROVE_UPDATE = 'approve';
export const ABANDON_UPDATE = 'abandon';
/** A host's worker has started in a new boot. */
export const HOST_BOOTED_SIGNAL = 'hostBooted';
export const LEFTOVERS_WORKFLOW = 'leftovers';

/** Counter of the control workers; the exporter appends `_total`. */
export const STATE_CHANGES_METRIC = 'mooring_state_changes';
