import { Option } from 'commander';
import type { AttachmentRow } from '../../client/list-attachments.js';
import { ATTACHMENT_STATES, type AttachmentState } from '../../contract/states.js';
import { addConnectionOptions, addOutputOptions, type CommonOptions } from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface ListOptions extends CommonOptions {
  readonly host?: string;
  readonly volume?: string;
  readonly state?: AttachmentState;
  readonly all?: boolean;
}

/** `mooring list` */
export function addListCommand(home: CommandHome): void {
  const command = home.program
    .command('list')
    .description('List the open attachments of the fleet')
    .option('--host <id>', 'only those of one host')
    .option('--volume <id>', 'only those of one volume')
    .addOption(new Option('--state <state>', 'only those in one state').choices(ATTACHMENT_STATES))
    .option('--all', 'closed ones too, as far as the server keeps them');
  addOutputOptions(addConnectionOptions(command)).action(
    runCommand(home, (options: ListOptions) => list(home, options)),
  );
}

async function list({ context }: CommandHome, options: ListOptions): Promise<number> {
  const { withClient } = await import('../with-client.js');
  const { printData } = await import('../output/print.js');
  const { renderTable } = await import('../output/table.js');
  const { formatTime } = await import('../output/text.js');
  const { output, host, volume, state, all } = options;
  return withClient(context, options, async (mooring) => {
    const rows: AttachmentRow[] = [];
    const found = mooring.list({
      ...(host === undefined ? {} : { hostId: host }),
      ...(volume === undefined ? {} : { volumeId: volume }),
      ...(state === undefined ? {} : { state }),
      ...(all === undefined ? {} : { all }),
    });
    for await (const row of found) rows.push(row);
    rows.sort(byHostAndVolume);
    printData(context, output, rows, () =>
      renderTable<AttachmentRow>(
        [
          { header: 'HOST', value: ({ hostId }) => hostId },
          { header: 'VOLUME', value: ({ volumeId }) => volumeId },
          { header: 'STATE', value: (row) => row.state },
          { header: 'WWID', value: ({ wwid }) => wwid },
          { header: 'PATHS', value: paths },
          { header: 'SINCE', value: ({ since }) => formatTime(since) },
          ...(all === true
            ? [
                {
                  header: 'UNTIL',
                  value: ({ closedAt }: AttachmentRow) => closedAt && formatTime(closedAt),
                },
                { header: 'RUN', value: ({ runId }: AttachmentRow) => runId },
              ]
            : []),
        ],
        rows,
      ),
    );
    return 0;
  });
}

function paths({ pathsPresent, pathsExpected }: AttachmentRow): string | undefined {
  return pathsExpected === undefined ? undefined : `${pathsPresent ?? 0}/${pathsExpected}`;
}

function byHostAndVolume(left: AttachmentRow, right: AttachmentRow): number {
  const [one, other] = [left, right].map(({ hostId, volumeId, since }) =>
    [hostId, volumeId, since].join(' '),
  );
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
