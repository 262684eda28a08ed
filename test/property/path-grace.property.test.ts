import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { pathGraceMs } from '../../src/contract/policy.js';

const duration = fc.integer({ min: 0, max: 60_000 });

describe('the grace of the other paths', () => {
  test.prop([duration, duration])('is never below what the policy says', (least, first) => {
    expect(pathGraceMs({ pathGraceMs: least }, first)).toBeGreaterThanOrEqual(least);
  });

  test.prop([duration, duration, duration])(
    'is longer, or the same, the later the first path came',
    (least, one, other) => {
      const [sooner, later] = [Math.min(one, other), Math.max(one, other)];
      const policy = { pathGraceMs: least };
      expect(pathGraceMs(policy, later)).toBeGreaterThanOrEqual(pathGraceMs(policy, sooner));
    },
  );
});
