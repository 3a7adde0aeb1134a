import { createHash, randomBytes } from 'node:crypto';
import { Command } from 'commander';

/** `pointsman keys`: makes one gateway key. It is shown once; the YAML needs only its hash. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('Make a gateway key, and the YAML line that lets it in.')
    .argument('[name]', 'who it is for', 'somebody')
    .action((name: string) => {
      const secret = `pk-${randomBytes(24).toString('base64url')}`;
      const hash = createHash('sha256').update(secret).digest('hex');
      process.stdout.write(
        `The key, shown this once (clients send it as their API key):\n\n  ${secret}\n\n` +
          `In the YAML:\n\nkeys:\n  - name: ${JSON.stringify(name)}\n    key: sha256:${hash}\n`,
      );
    });
}
