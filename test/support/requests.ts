import type { AttachRequestInput } from '../../src/model/attach-request.js';

export const IQN = 'iqn.2026-11.io.example:array1';

/** A request nobody objects to. */
export function goodRequest(more: Partial<AttachRequestInput> = {}): AttachRequestInput {
  return {
    volumeId: 'vol-1',
    hostId: 'db-17',
    connection: {
      paths: [
        { portal: '10.0.0.1:3260', iqn: IQN, lun: 4 },
        { portal: '[fd00::7]:3260', iqn: IQN, lun: 4 },
      ],
    },
    ...more,
  };
}
