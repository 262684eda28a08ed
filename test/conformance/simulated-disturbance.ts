import type { Fault } from '../../src/simulator/fault-plan.js';
import type { HostControl } from '../../src/simulator/host-control.js';
import type { TargetSpec } from '../../src/simulator/storage-array.js';
import type { Credentials, ToolFault } from './host-under-test.js';

/** What faults concern; those of one kind end together. */
export type Disturbed = 'network' | 'udev' | 'multipathd' | 'tools';

/** What an experimenter does to a simulated host and its array beyond what hosts see as normal. */
export class SimulatedDisturbance {
  private readonly control: HostControl;
  private readonly ownTarget: TargetSpec;
  private readonly targets = new Map<string, TargetSpec>();
  private readonly faults = new Map<Disturbed, number[]>();

  constructor(control: HostControl, ownTarget: TargetSpec) {
    this.control = control;
    this.ownTarget = ownTarget;
  }

  async begin(what: Disturbed, fault: Fault): Promise<void> {
    const id = await this.control.addFault(fault);
    this.faults.set(what, [...(this.faults.get(what) ?? []), id]);
  }

  async end(what: Disturbed): Promise<void> {
    for (const id of this.faults.get(what) ?? []) await this.control.removeFault(id);
    this.faults.delete(what);
  }

  async misbehave({ program, how, exitCode = 0, ...more }: ToolFault): Promise<void> {
    switch (how) {
      case 'fails':
        return this.begin('tools', { kind: 'command-fails', program, exitCode, ...more });
      case 'lies':
        return this.begin('tools', { kind: 'answer-lies', program, exitCode, ...more });
      case 'hangs':
        return this.begin('tools', { kind: 'command-hangs', program, ...more });
      case 'missing':
        return this.begin('tools', { kind: 'program-missing', program });
    }
  }

  async restorePortals(): Promise<void> {
    await this.end('network');
    for (const portal of this.ownTarget.portals) {
      await this.control.array.setPortal({ portal, condition: { kind: 'up' } });
    }
  }

  async addTarget(
    portals: readonly string[],
    options: Pick<TargetSpec, 'groups' | 'addressing' | 'readOnly'>,
  ): Promise<{ iqn: string; portals: readonly string[] }> {
    const iqn = `${this.ownTarget.iqn}-${this.targets.size + 2}`;
    const target = { iqn, portals, ...options };
    this.targets.set(iqn, target);
    await this.control.array.addTarget(target);
    return target;
  }

  async setChap(
    iqn: string,
    { incoming, mutual }: { readonly incoming?: Credentials; readonly mutual?: Credentials },
  ): Promise<void> {
    await this.control.array.addTarget({
      ...(this.targets.get(iqn) ?? this.ownTarget),
      ...(incoming === undefined ? {} : { chap: incoming }),
      ...(mutual === undefined ? {} : { mutualChap: mutual }),
    });
  }

  async setDiscoveryChap({ incoming }: { readonly incoming?: Credentials }): Promise<void> {
    await this.control.array.setDiscoveryChap(incoming === undefined ? {} : { chap: incoming });
  }

  /** The array is as at the start; every fault but those of the daemons is over. */
  async reset(): Promise<void> {
    await this.restorePortals();
    await this.end('tools');
    for (const iqn of this.targets.keys()) await this.control.array.removeTarget(iqn);
    await this.control.array.addTarget(this.ownTarget);
    await this.setDiscoveryChap({});
  }
}
