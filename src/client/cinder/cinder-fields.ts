import type { FieldProblem } from '../../contract/field-checks.js';

type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the fields of a Cinder connection and gathers what is wrong with them, by name. What a
 * driver left empty (`null`, an empty text, an empty list) counts as not given. Problems never
 * repeat a value: one of them may be a secret.
 */
export class CinderFields {
  readonly problems: FieldProblem[] = [];
  private readonly values: Values;
  private readonly prefix: string;

  /** @param prefix - where the fields are in what the caller gave, e.g. `data.` */
  constructor(values: Values, prefix: string) {
    this.values = values;
    this.prefix = prefix;
  }

  /** The field's name as the caller knows it. */
  nameOf(field: string): string {
    return `${this.prefix}${field}`;
  }

  refuse(field: string, problem: string): void {
    this.problems.push({ field: this.nameOf(field), problem });
  }

  /** The value as it is. */
  value(field: string): unknown {
    return Object.hasOwn(this.values, field) ? this.values[field] : undefined;
  }

  text(field: string): string | undefined {
    const value = this.value(field);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.refuse(field, 'must be text');
    return undefined;
  }

  list(field: string): readonly unknown[] | undefined {
    const value = this.value(field);
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value)) return value.length === 0 ? undefined : (value as unknown[]);
    this.refuse(field, 'must be a list');
    return undefined;
  }

  /** A boolean, or the text of one as some drivers and databases write it. */
  flag(field: string): boolean | undefined {
    const value = this.value(field);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string' && /^(?:true|false)$/i.test(value)) {
      return value.toLowerCase() === 'true';
    }
    this.refuse(field, 'must be true or false');
    return undefined;
  }
}
