import { expect, test } from 'vitest';
import {
  applySettings,
  parseSettings,
  recordValueProblem,
} from '../../../../src/host/iscsiadm/node-record.js';
import { mooringSettings } from '../../../../src/host/iscsiadm/node-settings.js';

const RECORD = [
  '# BEGIN RECORD 2.1.8',
  'node.name = iqn.2026-11.io.example:array1',
  'node.startup = automatic',
  'node.session.auth.authmethod = CHAP',
  'node.session.auth.username = old',
  'node.session.auth.password = old-secret',
  '# a comment = with an equals sign',
  'node.conn[0].timeo.login_timeout = 15',
  '# END RECORD',
  '',
].join('\n');

test('a setting is replaced where it stands and everything else is kept', () => {
  const edited = applySettings(RECORD, { 'node.startup': 'manual' });
  expect(edited).toBe(RECORD.replace('automatic', 'manual'));
});

test('a new setting comes before the end of the record', () => {
  const edited = applySettings(RECORD, { 'node.session.scan': 'manual' });
  expect(edited).toBe(RECORD.replace('# END RECORD', 'node.session.scan = manual\n# END RECORD'));
});

test('a setting without a value is taken out', () => {
  const edited = applySettings(RECORD, { 'node.session.auth.password': undefined });
  expect(edited).toBe(RECORD.replace('node.session.auth.password = old-secret\n', ''));
});

test('a setting that stands twice stands once afterwards', () => {
  const twice = RECORD.replace('# END', 'node.startup = onboot\n# END');
  expect(applySettings(twice, { 'node.startup': 'manual' })).toBe(
    RECORD.replace('automatic', 'manual'),
  );
});

test('a record of another writer, without its frame, takes settings too', () => {
  expect(applySettings('a = 1', { b: '2' })).toBe('a = 1\nb = 2\n');
});

test('comments are no settings', () => {
  expect([...parseSettings(RECORD).keys()]).not.toContain('#');
});

test.each([
  ['', 'is empty'],
  [' x', 'begins or ends with white space'],
  ['x\ny', 'holds control characters'],
  ['x'.repeat(256), 'is longer than 255 bytes'],
])('a value %j is refused: it would not arrive', (value, problem) => {
  expect(recordValueProblem(value)).toBe(problem);
  expect(() => applySettings(RECORD, { name: value })).toThrow(problem);
});

test('the refusal of a value does not repeat it', () => {
  expect(() => applySettings(RECORD, { password: ' marker-secret' })).not.toThrow('marker-secret');
});

test('a login is manual, bounded and made once', () => {
  expect(mooringSettings({ loginTimeoutSeconds: 7 })).toMatchObject({
    'node.startup': 'manual',
    'node.conn[0].startup': 'manual',
    'node.session.scan': 'manual',
    'node.conn[0].timeo.login_timeout': '7',
    'node.session.initial_login_retry_max': '1',
    'node.session.auth.authmethod': 'None',
  });
});

test('old credentials are taken out when none are given', () => {
  const edited = applySettings(RECORD, mooringSettings({ loginTimeoutSeconds: 7 }));
  expect(edited).not.toContain('old');
  expect(parseSettings(edited).get('node.session.auth.authmethod')).toBe('None');
});

test('mutual credentials stand beside one-way ones', () => {
  const chap = { username: 'out', password: 'secret-out' };
  const mutualChap = { username: 'in', password: 'secret-in' };
  const edited = applySettings(
    RECORD,
    mooringSettings({ loginTimeoutSeconds: 7, chap, mutualChap }),
  );
  expect(Object.fromEntries(parseSettings(edited))).toMatchObject({
    'node.session.auth.authmethod': 'CHAP',
    'node.session.auth.username': 'out',
    'node.session.auth.password': 'secret-out',
    'node.session.auth.username_in': 'in',
    'node.session.auth.password_in': 'secret-in',
  });
});
