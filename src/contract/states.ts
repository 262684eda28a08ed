/** States of an attachment (design 4), in the order in which a healthy life passes them. */
export const ATTACHMENT_STATES = [
  'attaching',
  'attached',
  'degraded',
  'detaching',
  'waiting-for-host',
  'needs-approval',
  'cleaning-up',
  'detached',
  'failed',
  'abandoned',
] as const;
export type AttachmentState = (typeof ATTACHMENT_STATES)[number];

/** States in which the volume is usable on its host. */
export const USABLE_STATES: readonly AttachmentState[] = ['attached', 'degraded'];

/** States in which the run is over and the host holds nothing of it. */
export const FINAL_STATES: readonly AttachmentState[] = ['detached', 'failed', 'abandoned'];
