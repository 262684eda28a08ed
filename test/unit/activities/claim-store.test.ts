import { expect, test } from 'vitest';
import { ClaimStore, type Claim } from '../../../src/activities/claim-store.js';
import { MemoryFileTree } from '../../support/memory-file-tree.js';

const PATH = {
  portal: '10.0.0.1:3260',
  iqn: 'iqn.2026-11.io.example:array1',
  iface: 'default',
  lun: 4,
};
const OWNER = 'vol-1@db-17';
const CLAIM: Claim = { ...PATH, owner: OWNER };
const WWID = '36001405bea237473c2c4f98b14c7c293';
const OTHER_WWID = '36001405bea237473c2c4f98b14c7c294';

/** Its writer may die before it writes a claim on a path. */
class MortalFileTree extends MemoryFileTree {
  isDying = false;

  override async replaceFile(path: string, text: string, mode: number): Promise<void> {
    if (this.isDying && path.includes('/claims/')) throw new Error('killed');
    await super.replaceFile(path, text, mode);
  }
}

test('a volume is claimed by whoever has a claim that leads to it', async () => {
  const files = new MemoryFileTree();
  const claims = new ClaimStore(files, files);
  await claims.put({ ...CLAIM, wwid: WWID });
  await claims.put({ ...CLAIM, owner: 'vol-2@db-17', lun: 5, wwid: WWID });
  expect([...(await claims.ownersOf(WWID))].sort()).toEqual([OWNER, 'vol-2@db-17']);

  await claims.remove(PATH, OWNER);

  expect(await claims.ownersOf(WWID)).toEqual(['vol-2@db-17']);
});

test('a claim on a volume goes with its claim on the path, though a dying worker wrote only the first', async () => {
  const files = new MortalFileTree();
  const claims = new ClaimStore(files, files);
  await claims.put(CLAIM);
  files.isDying = true;
  await expect(claims.put({ ...CLAIM, wwid: WWID })).rejects.toThrow('killed');

  await claims.remove(PATH, OWNER);

  expect(await claims.ownersOf(WWID)).toEqual([]);
});

test('a path that leads to another volume now claims the former no more', async () => {
  const files = new MemoryFileTree();
  const claims = new ClaimStore(files, files);
  await claims.put({ ...CLAIM, wwid: WWID });

  await claims.put({ ...CLAIM, wwid: OTHER_WWID });

  expect(await claims.ownersOf(WWID)).toEqual([]);
  expect(await claims.ownersOf(OTHER_WWID)).toEqual([OWNER]);
});
