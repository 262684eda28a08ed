import { hostTaskQueue } from '../contract/ids.js';

const HOST_QUEUE_PREFIX = hostTaskQueue('');

/** The host whose queue this is; `undefined` for the control queue. */
export function hostIdOfTaskQueue(taskQueue: string): string | undefined {
  return taskQueue.startsWith(HOST_QUEUE_PREFIX)
    ? taskQueue.slice(HOST_QUEUE_PREFIX.length)
    : undefined;
}
