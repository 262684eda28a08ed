import { connectionFlagText, type CommonOptions } from './options.js';

/** Tells a user who stops waiting that the work goes on, how to follow it and how to end it. */
export function goesOnText({
  operation,
  request: { volumeId, hostId, requestId },
  options,
}: {
  readonly operation: 'attach' | 'detach';
  readonly request: {
    readonly volumeId?: unknown;
    readonly hostId?: unknown;
    readonly requestId: string;
  };
  readonly options: Partial<CommonOptions>;
}): string {
  const host = typeof hostId === 'string' ? ` --host ${hostId}` : '';
  const name = `${String(volumeId)}${host}${connectionFlagText(options)}`;
  const end =
    operation === 'attach'
      ? `end and undo it with \`mooring detach ${name}\``
      : 'a detach cannot be taken back, but the volume can be attached again after it';
  return (
    `The ${operation} goes on without you (request id ${requestId}): ` +
    `follow it with \`mooring status ${name} --follow\`, ` +
    `see its steps with \`mooring history ${name}\`; ${end}.`
  );
}
