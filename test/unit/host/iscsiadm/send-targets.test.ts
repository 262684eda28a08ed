import { expect, test } from 'vitest';
import { parseSendTargets } from '../../../../src/host/iscsiadm/send-targets.js';

const IQN = 'iqn.2026-11.io.example:array1';

test('[L13] portals lose their group, names of every form count, brackets stay, spelling of addresses does not count', () => {
  const text = `10.0.0.1:3260,1 ${IQN}\n[FD00:0::7]:3260,2 ${IQN}\n10.0.0.2:860,-1 eui.02004567A425678D\n`;
  expect(parseSendTargets(text)).toEqual([
    { portal: '10.0.0.1:3260', iqn: IQN },
    { portal: '[fd00::7]:3260', iqn: IQN },
    { portal: '10.0.0.2:860', iqn: 'eui.02004567A425678D' },
  ]);
});

test('lines that name no target at a portal are skipped', () => {
  const text = [
    'iscsiadm: connect to 10.0.0.9 timed out',
    '',
    `10.0.0.1:3260,1 ${IQN}`,
    `[fe80::1]:3260,1 ${IQN}`,
    `10.0.0.1:99999,1 ${IQN}`,
    '10.0.0.1:3260,1',
    '10.0.0.1:3260,1 not a target',
  ].join('\n');
  expect(parseSendTargets(text)).toEqual([{ portal: '10.0.0.1:3260', iqn: IQN }]);
});
