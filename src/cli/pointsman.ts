import { Command, CommanderError } from 'commander';
import { endWhenNobodyReads } from './closed-pipe.ts';
import { fail, exitCodeOf } from './fail.ts';
import { version } from './version.ts';

/** Loaded one at a time: a gateway that serves has no use for the code that replays. In the order of the help. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  learn: async () => (await import('./learn.ts')).learnCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  reproduce: async () => (await import('./reproduce.ts')).reproduceCommand(),
  train: async () => (await import('./train.ts')).trainCommand(),
  calibrate: async () => (await import('./calibrate.ts')).calibrateCommand(),
  quiz: async () => (await import('./quiz.ts')).quizCommand(),
  import: async () => (await import('./import.ts')).importCommand(),
  datasets: async () => (await import('./datasets.ts')).datasetsCommand(),
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand(),
  shadow: async () => (await import('./shadow.ts')).shadowCommand(),
  canary: async () => (await import('./canary.ts')).canaryCommand(),
  learners: async () => (await import('./learners.ts')).learnersCommand(),
  savings: async () => (await import('./savings.ts')).savingsCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
};

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
  pointsman init                                      a YAML from the keys and servers that are found
  pointsman doctor                                    is everything there that the YAML needs?
  pointsman serve --config pointsman.yaml             your models
  pointsman explain "Prove that 2 is prime"           what would be chosen, and why
  pointsman replay --train A.csv --test B.csv         compare policies on data
  pointsman train --data A.csv --out artefacts/mine   learn from data`,
  )
  .exitOverride();
endWhenNobodyReads(['serve', 'learn'].includes(process.argv[2] ?? ''));
const asked = commands[process.argv[2] ?? ''];
const loaded = asked === undefined ? Object.values(commands) : [asked];
for (const load of loaded) program.addCommand((await load()).exitOverride().copyInheritedSettings(program));

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else {
    fail(thrown);
    process.exitCode = exitCodeOf(thrown);
  }
}
