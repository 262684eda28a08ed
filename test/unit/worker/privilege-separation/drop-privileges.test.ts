import { describe, expect, it } from 'vitest';
import { findUser } from '../../../../src/worker/privilege-separation/drop-privileges.js';

const PASSWD = `root:x:0:0:root:/root:/bin/bash
mooring:x:993:990::/nonexistent:/usr/sbin/nologin
mooring2:x:994:991::/nonexistent:/usr/sbin/nologin
broken:x
`;

describe('a user of the machine', () => {
  it('is found with its group', () => {
    expect(findUser(PASSWD, 'mooring')).toEqual({ name: 'mooring', uid: 993, gid: 990 });
  });

  it.each(['moor', 'broken', ''])('is not made up: "%s"', (name) => {
    expect(findUser(PASSWD, name)).toBeUndefined();
  });
});
