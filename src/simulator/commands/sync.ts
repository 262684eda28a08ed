import { lookUp } from '../files/lookup.js';
import { devView } from '../files/dev-view.js';
import { directory } from '../files/entries.js';
import { programEnd, UnknownCommand, type ProgramModel } from './command-handler.js';

/** coreutils' `sync FILE`, for block devices: fsync, and the exit says whether a write got lost. */
export const sync: ProgramModel = async ({ host, running }, args) => {
  const [path] = args;
  if (path === undefined || args.length !== 1) throw new UnknownCommand('sync', args);
  const root = directory({ dev: () => devView(running) });
  let block: string;
  try {
    block = lookUp(root, path, { syscall: 'open' }).path.slice('/dev/'.length);
  } catch {
    return programEnd(1, {
      stderr: `sync: error opening '${path}': No such file or directory\n`,
    });
  }
  await running.boot.sleep(host.durations.sync);
  try {
    await running.io.flush(block);
  } catch {
    return programEnd(1, { stderr: `sync: error syncing '${path}': Input/output error\n` });
  }
  return programEnd(0);
};
