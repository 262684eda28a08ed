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
