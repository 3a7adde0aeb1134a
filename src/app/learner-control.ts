import type { Config } from '../config/config.ts';
import { messageOf } from '../core/errors.ts';
import { wordNote, type GovernedLearner, type LearnerWord } from '../learning/governed.ts';
import type { Logger } from '../telemetry/logger.ts';
import { recordWord, type ControlParts } from './control-fact.ts';
import { learnerRoute } from './control-route.ts';
import { freezes } from './routing.ts';

/**
 * Says something to a learner. Resolves when it is committed, which is also when it is obeyed unless others learn for this gateway.
 * Rejects with `storage_unavailable`.
 */
export async function tellLearner(
  name: string,
  word: LearnerWord,
  config: Pick<Config, 'models'>,
  parts: ControlParts,
): Promise<void> {
  const to = word.action !== 'reset' ? '' : word.to === 0 ? ' to the start' : ` to ${word.to}`;
  const who = word.by === 'yaml' ? 'the configuration' : 'an administrator';
  const said = {
    route: learnerRoute(name),
    model: config.models[0]?.id ?? '',
    key: 'learner',
    reason: `${who} said ${word.action}${to}`,
    note: wordNote(word),
  };
  await recordWord(said, parts);
}

/**
 * Makes `learning.frozen` part of the log where it says something new: which facts were passed over is then the same for every later
 * reader, whatever the YAML says by then. Never rejects: without the log nothing is learned anyway.
 */
export async function freezeAsWritten(
  config: Config,
  learners: ReadonlyMap<string, GovernedLearner>,
  parts: ControlParts,
  logger: Logger,
): Promise<void> {
  if (!parts.learning.health().started) return;
  for (const [name, { standing }] of learners) {
    const wanted = config.learning.frozen.some((asked) => freezes(asked, name));
    if (wanted === standing.frozenBy.includes('yaml')) continue;
    const word = { action: wanted ? 'freeze' : 'resume', by: 'yaml', to: 0 } as const;
    try {
      await tellLearner(name, word, config, parts);
    } catch (error) {
      logger.warn(
        { learner: name, cause: messageOf(error) },
        `Could not ${word.action} what learns. Reload to try again.`,
      );
    }
  }
}
