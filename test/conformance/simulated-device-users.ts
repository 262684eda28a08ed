import type { HostControl } from '../../src/simulator/host-control.js';
import type { DeviceUse } from './host-under-test.js';

const MOUNT_POINT = '/mnt/scenario';

/** Who uses block devices of a simulated host: holders by name, and one other user at a time. */
export class SimulatedDeviceUsers {
  private readonly control: HostControl;
  private readonly holders = new Set<string>();
  private end: (() => Promise<void>) | undefined;

  constructor(control: HostControl) {
    this.control = control;
  }

  async addHolder(
    device: string,
    holder: { readonly name: string; readonly uuid: string },
  ): Promise<void> {
    await this.control.addHolder(device, holder);
    this.holders.add(holder.name);
  }

  async removeHolder(name: string): Promise<void> {
    await this.control.removeHolder(name);
    this.holders.delete(name);
  }

  async use(device: string, how: DeviceUse): Promise<void> {
    const { control } = this;
    switch (how) {
      case 'mount':
        await control.mount(device, MOUNT_POINT);
        this.end = () => control.unmount(MOUNT_POINT);
        return;
      case 'swap':
        await control.swapOn(device);
        this.end = () => control.swapOff(device);
        return;
      case 'mount elsewhere':
        this.endWith(await control.mountElsewhere(device, MOUNT_POINT));
        return;
      case 'program':
        this.endWith(await control.holdOpen(device));
        return;
    }
  }

  async endUse(): Promise<void> {
    const { end } = this;
    this.end = undefined;
    await end?.();
  }

  /** Nobody uses a device any more. */
  async release(): Promise<void> {
    await this.endUse();
    for (const name of this.holders) await this.removeHolder(name);
  }

  /** The use ends with an opening. */
  private endWith(open: number): void {
    this.end = () => this.control.close(open);
  }
}
