import { ApplicationFailure } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { createFailure } from '../../../src/contract/failures.js';
import { FIXED_BOUNDS } from '../../../src/contract/policy.js';
import { AnswerBook } from '../../../src/workflows/answer-book.js';

const KEEP = true;

/** What went with the attachment into another run: as JSON, through the server. */
function carriedOn(book: AnswerBook): AnswerBook {
  return new AnswerBook(JSON.parse(JSON.stringify(book.answers)) as AnswerBook['answers']);
}

function never(): Promise<never> {
  return Promise.reject(new Error('carried out again'));
}

test('a repeated request gets the answer of a former run, and is not carried out again', async () => {
  const book = new AnswerBook();
  await book.answer('one', () => Promise.resolve({ device: '/dev/dm-0' }), KEEP);

  expect(await carriedOn(book).answer('one', never, KEEP)).toEqual({ device: '/dev/dm-0' });
});

test('a repeated request that failed fails in the same way', async () => {
  const book = new AnswerBook();
  const failure = createFailure('DeviceInUse', 'mounted at /mnt', { gates: ['no-users'] });
  await expect(book.answer('one', () => Promise.reject(failure), KEEP)).rejects.toBe(failure);

  const again = carriedOn(book).answer('one', never, KEEP);
  await expect(again).rejects.toBeInstanceOf(ApplicationFailure);
  await expect(again).rejects.toMatchObject({
    type: 'DeviceInUse',
    message: 'mounted at /mnt',
    details: [{ gates: ['no-users'] }],
    nonRetryable: true,
  });
});

test('a request that is sent again while it is carried out joins the first', async () => {
  const book = new AnswerBook();
  let answer: (result: string) => void = () => undefined;
  const first = book.answer('one', () => new Promise<string>((done) => (answer = done)), KEEP);
  const second = book.answer('one', never, KEEP);
  answer('done');

  expect([await first, await second]).toEqual(['done', 'done']);
});

test('a look is taken anew, and crowds no answer out', async () => {
  const book = new AnswerBook();
  await book.answer('look', () => Promise.resolve('as it was'), !KEEP);

  expect(book.answers).toEqual([]);
  expect(await book.answer('look', () => Promise.resolve('as it is'), !KEEP)).toBe('as it is');
});

test('the oldest answers are forgotten first', async () => {
  const book = new AnswerBook();
  for (let id = 0; id <= FIXED_BOUNDS.answersKept; id += 1) {
    await book.answer(`request ${id}`, () => Promise.resolve(id), KEEP);
  }

  expect(book.answers).toHaveLength(FIXED_BOUNDS.answersKept);
  expect(book.answers[0]).toEqual({ id: 'request 1', result: 1 });
});

test('without an id nobody can ask again, and nothing is kept', async () => {
  const book = new AnswerBook();

  expect(await book.answer(undefined, () => Promise.resolve('done'), KEEP)).toBe('done');
  expect(book.answers).toEqual([]);
});
