import { Argument, Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { learnerActions } from '../learning/governed.ts';
import { askGateway, withGatewayFlags, type GatewayFlags } from './ask-gateway.ts';

interface LearnersFlags extends GatewayFlags {
  readonly to?: string;
}

/** `pointsman learners`: what learns in a running gateway; freezes it, and puts it back. */
export function learnersCommand(): Command {
  const command = new Command('learners')
    .description('What learns in a running gateway; freeze it, let it resume, keep a snapshot, reset it to one.')
    .addArgument(new Argument('[action]', 'what to do').choices(['list', ...learnerActions]).default('list'))
    .argument('[name]', 'which learner, as "list" names it')
    .option('--to <seq>', 'of reset: the snapshot, or "start" for nothing learned (default: the newest snapshot)')
    .addHelpText(
      'after',
      `
Examples:
  pointsman learners                                   what there is, and what it can go back to
  pointsman learners freeze cells/quality              learns no more, and goes on predicting
  pointsman learners reset cells/quality --to 1204     knows what it knew then; what came between is not learned again`,
    );
  return withGatewayFlags(command).action(async (action: string, name: string | undefined, flags: LearnersFlags) => {
    const answer =
      action === 'list' ? await askGateway('/admin/learners', null, flags) : await tell(action, name, flags);
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  });
}

async function tell(action: string, name: string | undefined, flags: LearnersFlags): Promise<unknown> {
  if (name === undefined) {
    throw new PointsmanError(
      'invalid_request',
      `Which learner? "pointsman learners" lists them; then "${action} NAME".`,
    );
  }
  const path = `/admin/learners/${name.split('/').map(encodeURIComponent).join('/')}/${action}`;
  return await askGateway(path, flags.to === undefined ? {} : { to: readTarget(flags.to) }, flags);
}

/** @returns 0: the start. */
function readTarget(text: string): number {
  if (text === 'start') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new PointsmanError('invalid_request', `--to ${text}: expected "start" or the seq of a snapshot.`);
}
