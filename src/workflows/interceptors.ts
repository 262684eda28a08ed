import { workflowInfo, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { ATTACHMENT_WORKFLOW } from '../contract/names.js';
import { messagesLast } from './earlier-events.js';

/** Part of the workflow bundle, for each run anew. Only attachments are sent updates. */
export const interceptors: WorkflowInterceptorsFactory = () =>
  workflowInfo().workflowType === ATTACHMENT_WORKFLOW ? messagesLast() : {};
