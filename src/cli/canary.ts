import { Argument, Command } from 'commander';
import { canaryActions } from '../math/canary-trial.ts';
import { askGateway, withGatewayFlags, type GatewayFlags } from './ask-gateway.ts';

interface CanaryFlags extends GatewayFlags {
  readonly route: string;
}

/** `pointsman canary`: asks a running gateway how a canary stands, or tells it what to do. */
export function canaryCommand(): Command {
  const command = new Command('canary')
    .description(
      'How a canary stands in a running gateway; promote it, roll it back, freeze, resume or restart its test.',
    )
    .addArgument(new Argument('[action]', 'what to do').choices(['status', ...canaryActions]).default('status'))
    .option('--route <name>', 'the route with "policy: { type: canary }"', 'auto');
  return withGatewayFlags(command).action(async (action: string, flags: CanaryFlags) => {
    const path = `/admin/canary/${encodeURIComponent(flags.route)}`;
    const answer = await askGateway(path, action === 'status' ? null : { action }, flags);
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  });
}
