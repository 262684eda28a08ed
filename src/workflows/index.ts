// Entry of the workflow bundle: every function exported here becomes a workflow type.
export { attachment } from './attachment.js';
export { leftovers } from './leftovers.js';
export { attachVolume, detachVolume } from './operations.js';
