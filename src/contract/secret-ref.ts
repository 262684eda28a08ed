/** References to secrets. A request never carries the secret itself. */

/** `file:NAME`: a file of that name in the host worker's secrets directory. */
const SECRET_REF = /^file:[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Says what is wrong with a secret reference, or `undefined`. Never repeats the value. */
export function secretRefProblem(reference: string): string | undefined {
  return SECRET_REF.test(reference)
    ? undefined
    : 'must be a reference like file:array1-db-17, never the secret itself';
}
