import { defineSearchAttributeKey } from '@temporalio/common';

/**
 * Search attributes of an attachment: 4 of the 10 Keyword slots a SQL visibility store offers, the
 * KeywordList for the path targets, 2 of the 3 Int slots.
 */
export const HOST_ATTRIBUTE = defineSearchAttributeKey('MooringHost', 'KEYWORD');
export const VOLUME_ATTRIBUTE = defineSearchAttributeKey('MooringVolume', 'KEYWORD');
export const STATE_ATTRIBUTE = defineSearchAttributeKey('MooringState', 'KEYWORD');
export const WWID_ATTRIBUTE = defineSearchAttributeKey('MooringWwid', 'KEYWORD');
export const TARGETS_ATTRIBUTE = defineSearchAttributeKey('MooringTargets', 'KEYWORD_LIST');
export const PATHS_EXPECTED_ATTRIBUTE = defineSearchAttributeKey('MooringPathsExpected', 'INT');
export const PATHS_PRESENT_ATTRIBUTE = defineSearchAttributeKey('MooringPathsPresent', 'INT');

/** Everything `mooring setup` registers. */
export const SEARCH_ATTRIBUTES = [
  HOST_ATTRIBUTE,
  VOLUME_ATTRIBUTE,
  STATE_ATTRIBUTE,
  WWID_ATTRIBUTE,
  TARGETS_ATTRIBUTE,
  PATHS_EXPECTED_ATTRIBUTE,
  PATHS_PRESENT_ATTRIBUTE,
] as const;
