import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import * as steps from '../../../src/model/steps.js';

const directory = fileURLToPath(new URL('../../replay/histories/', import.meta.url));
const files = readdirSync(directory).filter((file) => file.endsWith('.json'));

interface Scheduled {
  readonly step: string;
  readonly input: unknown;
}

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  checkHost: steps.checkHostInputSchema,
  discoverPaths: steps.discoverPathsInputSchema,
  ensureSession: steps.ensureSessionInputSchema,
  findPathDevice: steps.findPathDeviceInputSchema,
  ensureMap: steps.ensureMapInputSchema,
  inspectAttachment: steps.inspectAttachmentInputSchema,
  planDetach: steps.planDetachInputSchema,
  flushDevice: steps.flushDeviceInputSchema,
  removePathDevices: steps.removePathDevicesInputSchema,
  releaseSession: steps.releaseSessionInputSchema,
  verifyAbsent: steps.verifyAbsentInputSchema,
};

/** The steps that a recorded history has sent to hosts. */
function sentToHosts(file: string): Scheduled[] {
  const { events } = JSON.parse(readFileSync(`${directory}${file}`, 'utf8')) as {
    events: {
      activityTaskScheduledEventAttributes?: {
        activityType: { name: string };
        taskQueue: { name: string };
        input: { payloads: { data: string }[] };
      };
    }[];
  };
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.taskQueue.name.startsWith('mooring-host/') !== true) return [];
    const [payload] = scheduled.input.payloads;
    const text = Buffer.from(payload?.data ?? '', 'base64').toString();
    return [{ step: scheduled.activityType.name, input: JSON.parse(text) as unknown }];
  });
}

/** A host worker may be older or newer than the control worker that sends it a step. */
describe('a host worker of today', () => {
  test.each(files)('takes every step that was sent in %s', (file) => {
    for (const { step, input } of sentToHosts(file)) {
      expect(SCHEMAS[step]?.safeParse(input), step).toMatchObject({ success: true });
    }
  });

  test.each(files)('ignores what a later version may add to the steps of %s', (file) => {
    for (const { step, input } of sentToHosts(file)) {
      const later = { ...(input as object), addedLater: { to: 'the contract' } };
      expect(SCHEMAS[step]?.safeParse(later), step).toMatchObject({ success: true });
    }
  });
});
