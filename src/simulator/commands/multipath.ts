import type { RunningHost } from '../linux-host.js';
import { isMapInUse, removeMap } from '../userland/partition-maps.js';
import {
  programEnd,
  UnknownCommand,
  type ProgramEnd,
  type ProgramModel,
} from './command-handler.js';

/**
 * multipath 0.9.4: `-f` removes a map, `-a` and `-w` edit the wwids file.
 *
 * `-f` takes the queueing off first (`dm_suspend_and_flush_map`), so it does not hang on a map
 * without paths: what was dirty there is lost.
 */
export const multipath: ProgramModel = async ({ host, running }, args) => {
  const [option, name] = args;
  if (name === undefined || args.length !== 2) throw new UnknownCommand('multipath', args);
  await running.boot.sleep(host.durations.multipathTool);
  switch (option) {
    case '-a':
      if (host.faults.has('disk-full', ({ under }) => '/etc/multipath'.startsWith(under))) {
        return programEnd(1, { stdout: `failed adding '${name}' to wwids file\n` });
      }
      host.wwids.add(name);
      return programEnd(0, { stdout: `wwid '${name}' added\n` });
    case '-w':
      return programEnd(0, {
        stdout: host.wwids.remove(name)
          ? `wwid '${name}' removed\n`
          : `wwid '${name}' not in wwids file\n`,
      });
    case '-f':
      return flushMap(running, name, host.durations.mapRemove);
    default:
      throw new UnknownCommand('multipath', args);
  }
};

async function flushMap(running: RunningHost, name: string, ms: number): Promise<ProgramEnd> {
  const { boot, mapper, io } = running;
  const map = mapper.ofName(name) ?? mapper.ofUuid(`mpath-${name}`);
  if (map === undefined) {
    return complain(running, `${TABLE_IOCTL} on ${name}  ${NO_DEVICE}`, notMultipath(name));
  }
  if (!map.uuid.startsWith('mpath-')) return complain(running, notMultipath(name));
  if (isMapInUse(mapper, map)) return complain(running, `${name}: map in use`);
  mapper.setQueueing(map, false);
  // A last writer's data is on its way; without a path it is lost with the map.
  await io.flush(map.block).catch(() => undefined);
  await boot.sleep(ms);
  if (mapper.ofBlock(map.block) !== map) return programEnd(0);
  if (isMapInUse(mapper, map)) {
    mapper.setQueueing(map, true);
    return complain(running, `${name}: map in use`);
  }
  removeMap(mapper, map);
  return programEnd(0);
}

/** libdevmapper's words when there is no such device. */
const TABLE_IOCTL = 'libdevmapper: ioctl/libdm-iface.c(1980): device-mapper: table ioctl';
const NO_DEVICE = 'failed: No such device or address';

function notMultipath(name: string): string {
  return `${name} is not a multipath device`;
}

/** libmultipath stamps each line with the seconds since the boot. */
function complain({ boot }: RunningHost, ...lines: readonly string[]): ProgramEnd {
  const seconds = (boot.upMs / 1000).toFixed(6);
  return programEnd(1, { stderr: lines.map((line) => `${seconds} | ${line}\n`).join('') });
}
