/**
 * What the Temporal SDK needs of `ms`: its durations are `StringValue | number`.
 *
 * The SDK depends on ms 3.0.0-canary.1, whose `exports` name no types. Under `nodenext` with
 * `skipLibCheck` the import silently becomes `any`, and `sleep('banana')` compiles. This declaration
 * gives the template type back; `test/unit/types/ms.test.ts` fails when it stops working. It can go
 * once a plain checkout without it rejects that call (seen with SDK 1.24.0).
 */
declare module 'ms' {
  type Unit =
    | 'ms'
    | 'msec'
    | 'msecs'
    | 'millisecond'
    | 'milliseconds'
    | 's'
    | 'sec'
    | 'secs'
    | 'second'
    | 'seconds'
    | 'm'
    | 'min'
    | 'mins'
    | 'minute'
    | 'minutes'
    | 'h'
    | 'hr'
    | 'hrs'
    | 'hour'
    | 'hours'
    | 'd'
    | 'day'
    | 'days'
    | 'w'
    | 'week'
    | 'weeks'
    | 'y'
    | 'yr'
    | 'yrs'
    | 'year'
    | 'years';

  export type StringValue = `${number}` | `${number}${Unit}` | `${number} ${Unit}`;

  export default function ms(value: StringValue): number;
}
