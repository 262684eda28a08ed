/** What the control steps need of the Temporal server; the worker wires it. */
export interface LedgerAccess {
  /** Whether the workflow is open. Strongly consistent. */
  isOpen(workflowId: string): Promise<boolean>;
  /** Open attachments of a volume, from the visibility store: a moment late. */
  listOpen(volumeId: string): Promise<readonly { workflowId: string; hostId?: string }[]>;
  /** Who polls a queue for activities. */
  lastPoll(taskQueue: string): Promise<{ polling: boolean; lastSeen?: string }>;
  attach(request: unknown): Promise<unknown>;
  detach(request: unknown): Promise<unknown>;
}
