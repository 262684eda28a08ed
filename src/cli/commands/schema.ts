import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

/** `mooring schema [NAME]` */
export function addSchemaCommand(home: CommandHome): void {
  home.program
    .command('schema')
    .description('Print the JSON Schema of a request or a result, or of all')
    .argument('[name]', 'attachRequest, detachRequest, attachResult or detachResult')
    .action(runCommand(home, (_options: object, name: string | undefined) => schema(home, name)));
}

async function schema({ context }: CommandHome, name: string | undefined): Promise<number> {
  const { jsonSchema, SCHEMA_NAMES } = await import('../../client/json-schemas.js');
  const { printJson } = await import('../output/json.js');
  if (name === undefined) {
    printJson(context, Object.fromEntries(SCHEMA_NAMES.map((each) => [each, jsonSchema(each)])));
    return 0;
  }
  const known = SCHEMA_NAMES.find((each) => each === name);
  if (known === undefined) {
    const { OperationError } = await import('../../client/operation-error.js');
    throw new OperationError({
      type: 'InvalidRequest',
      message: `There is no schema ${name}`,
      advice: `take one of ${SCHEMA_NAMES.join(', ')}`,
    });
  }
  printJson(context, jsonSchema(known));
  return 0;
}
