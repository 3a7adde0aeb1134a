import { Command, CommanderError } from 'commander';
import { datasetsCommand } from './datasets.ts';
import { explainCommand } from './explain.ts';
import { fail, exitCodeOf } from './fail.ts';
import { importCommand } from './import.ts';
import { keysCommand } from './keys.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';
import { trainCommand } from './train.ts';
import { version } from './version.ts';

/** The command line. Exit codes: 0 it worked, 1 it failed, 2 it was called wrongly or the input is bad. */
const program = new Command('pointsman')
  .description('Routes each LLM query to the model that is worth its price.')
  .version(version(), '-v, --version')
  .showHelpAfterError('(pointsman --help, or pointsman COMMAND --help, tells more)')
  .showSuggestionAfterError()
  .addHelpText(
    'after',
    `
Examples:
  pointsman serve                                     three simulated models, nothing to set up
  pointsman serve --config pointsman.yaml             your models
  pointsman explain "Prove that 2 is prime"           what would be chosen, and why
  pointsman replay --train A.csv --test B.csv         compare policies on data
  pointsman train --data A.csv --out artefacts/mine   learn from data`,
  )
  .exitOverride();
const commands = [
  serveCommand(),
  explainCommand(),
  replayCommand(),
  trainCommand(),
  importCommand(),
  datasetsCommand(),
  keysCommand(),
];
for (const command of commands) {
  program.addCommand(command.exitOverride().copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else {
    fail(thrown);
    process.exitCode = exitCodeOf(thrown);
  }
}
