import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** mooring's version, from the package file two folders up, in `src` and in `dist` alike. */
export const VERSION: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
