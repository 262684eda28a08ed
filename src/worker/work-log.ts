import type { Logger } from 'pino';
import type { HostSeams } from './host-seams.js';

/**
 * The seams of a host with a line for debugging for each command and each write to the kernel, when
 * it has ended: where the time of a step goes. Arguments hold no secrets (design 5).
 */
export function logWork<Seams extends Pick<HostSeams, 'runner' | 'writer'>>(
  seams: Seams,
  logger: Logger,
): Seams {
  if (!logger.isLevelEnabled('debug')) return seams;
  const { runner, writer } = seams;
  return {
    ...seams,
    runner: {
      async run(command) {
        const end = await runner.run(command);
        const { program, args } = command;
        const { exitCode, timedOut, durationMs } = end;
        const late = timedOut ? { timedOut } : {};
        logger.debug(
          { program, args: args.join(' '), exitCode, durationMs, ...late },
          'command ended',
        );
        return end;
      },
    },
    writer: {
      async writeAttribute(path, value) {
        const start = performance.now();
        try {
          await writer.writeAttribute(path, value);
        } finally {
          const durationMs = Math.round(performance.now() - start);
          logger.debug({ path, value, durationMs }, 'kernel write ended');
        }
      },
      replaceFile: (...file) => writer.replaceFile(...file),
      removeFile: (path) => writer.removeFile(path),
      keepFile: (path) => writer.keepFile(path),
    },
  };
}
