import { normalisePortal } from './portal.js';
import { targetNameKey } from './target-name.js';

/** A portal and a target: what one session is for. */
export interface SessionEnd {
  readonly portal: string;
  readonly iqn: string;
}

/** The text by which two paths are compared: letter case and IPv6 spelling do not count. */
export function pathKey(path: SessionEnd & { readonly lun: number }): string {
  return `${sessionKey(path)} lun ${path.lun}`;
}

/** The text by which two session ends are compared. */
export function sessionKey(end: SessionEnd): string {
  return `${normalisePortal(end.portal)} ${targetNameKey(end.iqn)}`;
}

/** A path for people and summaries. */
export function describePath(path: SessionEnd & { readonly lun: number }): string {
  return `LUN ${path.lun} at ${path.portal}`;
}
