import type { Duration } from '@temporalio/common';
import { expectTypeOf, test } from 'vitest';

test('durations of the SDK are checked, not `any`', () => {
  expectTypeOf<Duration>().not.toBeAny();
  expectTypeOf<'10 seconds'>().toExtend<Duration>();
  expectTypeOf<'banana'>().not.toExtend<Duration>();
});
