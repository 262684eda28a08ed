import type { DeviceUse } from '../test/conformance/host-under-test.js';
import type { Guest } from './guest.js';

const MOUNT_POINT = '/mnt/scenario';
/** The program that has a device open, or mounted where only it sees that. */
const USER = 'lab-device-user';
const FORMAT_TIMEOUT_MS = 60_000;
const BOOT_SECTOR = '/run/lab-boot-sector';

/** Who uses block devices of the guest: one user at a time. */
export class GuestDeviceUsers {
  private readonly guest: Guest;
  private end: (() => Promise<unknown>) | undefined;

  constructor(guest: Guest) {
    this.guest = guest;
  }

  async use(device: string, how: DeviceUse): Promise<void> {
    switch (how) {
      case 'mount':
        await this.format(device, 'mkfs.ext4 -q');
        await this.guest.script(`mkdir -p ${MOUNT_POINT}; mount ${device} ${MOUNT_POINT}`);
        this.end = () => this.guest.script(`umount ${MOUNT_POINT}`);
        return;
      case 'swap':
        await this.format(device, 'mkswap');
        await this.guest.script(`swapon ${device}`);
        this.end = () => this.guest.script(`swapoff ${device}`);
        return;
      case 'mount elsewhere': {
        await this.format(device, 'mkfs.ext4 -q');
        await this.guest.script(`mkdir -p ${MOUNT_POINT}`);
        const mount = `mount ${device} ${MOUNT_POINT} && exec sleep infinity`;
        const argv = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', mount];
        return this.start(argv, `grep -q ' ${MOUNT_POINT} ' /proc/$pid/mountinfo`);
      }
      case 'program':
        return this.start(
          ['sh', '-c', `exec sleep infinity < ${device}`],
          `[ "$(cat /proc/$pid/comm)" = sleep ]`,
        );
    }
  }

  async endUse(): Promise<void> {
    const { end } = this;
    this.end = undefined;
    await end?.();
  }

  /** Formats leave the first sector to others; their tools wipe it all the same. */
  private async format(device: string, tool: string): Promise<void> {
    await this.guest.script(
      `
      dd if=${device} of=${BOOT_SECTOR} bs=512 count=1 iflag=fullblock status=none
      ${tool} ${device} > /dev/null
      dd if=${BOOT_SECTOR} of=${device} bs=512 count=1 conv=fsync status=none`,
      { timeoutMs: FORMAT_TIMEOUT_MS },
    );
  }

  /** Returns when the program has begun to use the device. */
  private async start(argv: readonly string[], begun: string): Promise<void> {
    const { pid } = await this.guest.startDaemon(USER, argv);
    this.end = () => this.guest.killDaemon(USER, 'SIGKILL');
    await this.guest.script(`pid=${String(pid)}; until ${begun}; do sleep 0.1; done`);
  }
}
