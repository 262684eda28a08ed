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
