import type { FileWriter } from '../../src/privileged/file-writer.js';
import type { SimulatedHost } from '../../src/simulator/simulated-host.js';
import type { Law } from './oracle.js';
import { EVIDENCE_DEFECTS } from './evidence-defects.js';
import { TARGET_IQNS } from './plan.js';
import { MARKER_SECRET } from './secrets.js';
import type { Tamper } from './tamper.js';

/** A defect that is planted, and the law that must find it. */
export interface Defect {
  readonly name: string;
  readonly law: Law;
  readonly tamper: Tamper;
}

const DONE = { kind: 'done' } as const;

/** Defects of a host worker. None of them is in the product: the harness plants them. */
export const DEFECTS: readonly Defect[] = [
  {
    name: 'a logout is skipped',
    law: 'host-is-clean',
    tamper: {
      verbs: (verbs) => ({
        ...verbs,
        logOut: () => Promise.resolve(DONE),
        putBackNodeRecord: () => Promise.resolve({ kind: 'not-ours' }),
      }),
    },
  },
  {
    name: 'a node record is left',
    law: 'host-is-clean',
    tamper: {
      verbs: (verbs) => ({
        ...verbs,
        putBackNodeRecord: () => Promise.resolve({ kind: 'not-ours' }),
      }),
    },
  },
  {
    name: "an administrator's record is deleted",
    law: 'others-are-untouched',
    tamper: { verbs: (verbs, host) => ({ ...verbs, putBackNodeRecord: deleteRecord(host) }) },
  },
  {
    name: 'a wwids line is left',
    law: 'host-is-clean',
    tamper: { verbs: (verbs) => ({ ...verbs, forgetWwid: () => Promise.resolve(DONE) }) },
  },
  {
    name: 'a claim is left',
    law: 'host-is-clean',
    tamper: { writer: (writer) => withoutRemoval(writer, '/run/mooring/claims/') },
  },
  {
    name: 'a session note is left',
    law: 'host-is-clean',
    tamper: { writer: (writer) => withoutRemoval(writer, '/run/mooring/sessions/') },
  },
  {
    name: "somebody else's device is deleted",
    law: 'others-are-untouched',
    tamper: {
      verbs: (verbs, host) => ({
        ...verbs,
        deleteDevice: async (input) => {
          await deleteBeside(host);
          return verbs.deleteDevice(input);
        },
      }),
    },
  },
  {
    name: "somebody else's session is logged out",
    law: 'others-are-untouched',
    tamper: {
      verbs: (verbs, host) => ({
        ...verbs,
        logOut: async (input) => {
          await iscsiadm(host, ['-m', 'node', '-T', TARGET_IQNS.a, '--logout']);
          return verbs.logOut(input);
        },
      }),
    },
  },
  {
    name: 'the wrong device is handed out',
    law: 'content-is-right',
    tamper: {
      steps: (steps, host) => ({
        ...steps,
        ensureMap: async (input) => {
          const formed = await steps.ensureMap(input);
          const { maps } = await host.control.snapshot();
          const other = maps.find(({ name }) => formed.device !== `/dev/${name}`);
          return other === undefined ? formed : { ...formed, device: `/dev/${other.name}` };
        },
      }),
    },
  },
  {
    name: 'a flush before a removal is skipped',
    law: 'written-is-kept',
    tamper: { verbs: (verbs) => ({ ...verbs, flushDevice: () => Promise.resolve(DONE) }) },
  },
  {
    name: 'a volume is on two hosts at once',
    law: 'one-host-only',
    tamper: {
      steps: (steps, _host, others) => ({
        ...steps,
        ensureSession: async (input) => {
          const { portal, iqn } = input.path;
          for (const other of others()) {
            const node = ['-m', 'node', '-T', iqn, '-p', portal, '-I', 'default'];
            await iscsiadm(other, [...node, '-o', 'new']);
            // Its records scan by themselves, and so bring in whatever is mapped.
            await iscsiadm(other, [...node, '--login']);
          }
          return steps.ensureSession(input);
        },
      }),
    },
  },
  {
    name: 'a device is taken from under its user',
    law: 'users-keep-their-device',
    tamper: {
      files: (files) => ({
        readText: async (path) => {
          const text = await files.readText(path);
          return text.replaceAll(/^.* \/mnt\/.*\n/gm, '');
        },
        list: (path) => files.list(path),
        realPath: (path) => files.realPath(path),
        readLink: (path) => files.readLink(path),
        readLinks: (path) => files.readLinks(path),
        blockNumber: (path) => files.blockNumber(path),
      }),
      verbs: (verbs) => ({ ...verbs, findProcessUsers: () => Promise.resolve([]) }),
    },
  },
  {
    name: 'a secret is in a message',
    law: 'no-secret-shows',
    tamper: {
      verbs: (verbs) => ({
        ...verbs,
        logIn: async (input) => {
          if (input.iqn !== TARGET_IQNS.b) return verbs.logIn(input);
          return { kind: 'refused', exitCode: 24, said: `password was ${MARKER_SECRET}` };
        },
      }),
    },
  },
  {
    name: 'a step never ends',
    law: 'answered-once',
    tamper: {
      steps: (steps) => ({ ...steps, flushDevice: () => new Promise<never>(() => {}) }),
    },
  },
  ...EVIDENCE_DEFECTS,
];

function withoutRemoval(writer: FileWriter, below: string): FileWriter {
  return {
    writeAttribute: (path, value) => writer.writeAttribute(path, value),
    keepFile: (path) => writer.keepFile(path),
    replaceFile: (path, text, mode) => writer.replaceFile(path, text, mode),
    removeFile: async (path) => {
      if (!path.startsWith(below)) await writer.removeFile(path);
    },
  };
}

/** Deletes the record whosever it is. */
function deleteRecord(
  host: SimulatedHost,
): (input: { iqn: string; portal: string }) => Promise<{ kind: 'deleted' }> {
  return async ({ iqn, portal }) => {
    await iscsiadm(host, ['-m', 'node', '-T', iqn, '-p', portal, '-I', 'default', '-o', 'delete']);
    return { kind: 'deleted' };
  };
}

/** The administrator's disk at our target: LUN 90 and up. */
async function deleteBeside(host: SimulatedHost): Promise<void> {
  const { scsiDevices } = await host.control.snapshot();
  const beside = scsiDevices.find(({ hctl }) => /:9\d$/.test(hctl));
  if (beside === undefined) return;
  await host.writer.writeAttribute(`/sys/class/scsi_device/${beside.hctl}/device/delete`, '1');
}

async function iscsiadm(host: SimulatedHost, args: readonly string[]): Promise<void> {
  await host.runner.run({ program: 'iscsiadm', args, timeoutMs: 60_000 });
}
