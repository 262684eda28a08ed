import type { RunningHost } from '../linux-host.js';
import type { DaemonAnswer } from '../userland/multipath-daemon.js';
import { programEnd, UnknownCommand, type ProgramModel } from './command-handler.js';

/** The client of multipathd 0.9.4: says what the daemon answers, 1 for `fail`, for silence, for none. */
export const multipathd: ProgramModel = async ({ host, running }, args) => {
  await running.boot.sleep(host.durations.multipathTool);
  if (!running.multipathd.isRunning) return programEnd(1);
  const patience = running.boot.clock.timer(host.durations.uxsockTimeout);
  const silence = patience.elapsed.then(() => undefined);
  const reply = await running.boot.until(Promise.race([ask(running, args), silence]));
  patience.cancel();
  if (reply === undefined) return programEnd(1, { stdout: 'timeout receiving packet\n' });
  return programEnd(reply === 'fail\n' ? 1 : 0, { stdout: reply });
};

async function ask(running: RunningHost, args: readonly string[]): Promise<string> {
  const { multipathd: daemon } = running;
  const [verb, what, name = ''] = args;
  switch (`${verb} ${what}`) {
    case 'add path':
      return worded(await daemon.addPath(block(name)));
    case 'add map':
      return worded(await daemon.addMap(name));
    case 'del path':
      return worded(await daemon.deletePath(block(name)));
    case 'disablequeueing map':
      return worded(daemon.disableQueueing(name));
    case 'resize map':
      return worded(await daemon.resizeMap(name));
    case 'show paths':
      if (args.slice(2).join(' ') !== 'raw format %d %w')
        throw new UnknownCommand('multipathd', args);
      return showPaths(running);
    case 'reconfigure undefined':
    case 'reconfigure all':
      return worded(await daemon.reconfigure());
    case 'show status':
      return showStatus(running);
    default:
      throw new UnknownCommand('multipathd', args);
  }
}

function worded(answer: DaemonAnswer): string {
  return `${answer}\n`;
}

/** A path may be named by its node. */
function block(name: string): string {
  return name.replace(/^\/dev\//, '');
}

function showPaths({ multipathd: daemon }: RunningHost): string {
  // An empty reply is turned into `ok` on its way out (`uxlsnr.c`).
  if (daemon.paths.length === 0) return 'ok\n';
  return daemon.paths.map(({ block: name, wwid }) => `${name} ${wwid}\n`).join('');
}

function showStatus({ multipathd: daemon, scsi }: RunningHost): string {
  const up = daemon.paths.filter((path) => scsi.ofBlock(path.block)?.state === 'running').length;
  const down = daemon.paths.length - up;
  const states = [
    up > 0 ? `${'up'.padEnd(20)}${up}\n` : '',
    down > 0 ? `${'down'.padEnd(20)}${down}\n` : '',
  ];
  return `path checker states:\n${states.join('')}\npaths: ${daemon.paths.length}\nbusy: False\n`;
}
