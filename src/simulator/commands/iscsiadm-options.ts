import type { TypedPortal } from '../userland/node-database.js';

/** Long names for short ones, as iscsiadm(8) has them. */
const LONG: Readonly<Record<string, string>> = {
  '-m': '--mode',
  '-t': '--type',
  '-T': '--targetname',
  '-p': '--portal',
  '-I': '--interface',
  '-o': '--op',
  '-n': '--name',
  '-v': '--value',
  '-r': '--sid',
  '-P': '--print',
  '-D': '--discover',
  '-l': '--login',
  '-u': '--logout',
  '-R': '--rescan',
};
const FLAGS: ReadonlySet<string> = new Set(['--discover', '--login', '--logout', '--rescan']);

/** A command line of iscsiadm: options by their long name, with every value they were given. */
export class IscsiadmOptions {
  readonly #values = new Map<string, string[]>();

  constructor(args: readonly string[]) {
    for (let at = 0; at < args.length; at += 1) {
      const name = LONG[args[at] ?? ''] ?? args[at] ?? '';
      const values = this.#values.get(name) ?? [];
      this.#values.set(name, values);
      if (FLAGS.has(name)) continue;
      at += 1;
      values.push(args[at] ?? '');
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last value, as iscsiadm takes it. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** `10.0.0.1:3260,1`, `[fd00::7]`: taken as it is typed, without brackets. */
  get portal(): TypedPortal | undefined {
    const text = this.get('--portal');
    if (text === undefined) return undefined;
    const split = /^(?:\[([^\]]+)\]|([^:,]+))(?::(\d+))?(?:,(-?\d+))?$/.exec(text);
    if (split === null) return { address: text, port: DEFAULT_PORT };
    const [, bracketed, plain, port, tpgt] = split;
    return {
      address: bracketed ?? plain ?? text,
      port: Number(port ?? DEFAULT_PORT),
      ...(tpgt === undefined ? {} : { tpgt: Number(tpgt) }),
    };
  }
}

const DEFAULT_PORT = 3260;
