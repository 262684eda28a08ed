/**
 * Runs once for each V8 context, before any workflow is in it.
 *
 * The SDK (1.24.0) takes a stack trace of every promise a workflow makes, for `__stack_trace` queries,
 * and reads each of its lines through the source map: with V8's ten lines that is a quarter of a control
 * worker's time. What a workflow waits for is said by its current details; of an error two lines say
 * where it was thrown and by whom.
 */
Error.stackTraceLimit = 2;
