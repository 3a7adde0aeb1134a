import { describe, expect, it } from 'vitest';
import { replayCommand } from '../../src/cli/replay.ts';

const run = (...flags: readonly string[]): Promise<unknown> =>
  replayCommand().exitOverride().parseAsync(flags, { from: 'user' });

describe('a flag that a kind of replay does not know', () => {
  it.each([
    [['--train', 'none.csv', '--steps', '5'], 'a replay of data knows no --steps; leave it out.'],
    [['--train', 'none.csv', '--event', 'vanish:a@1'], 'a replay of data knows no --event; leave it out.'],
    [['--online', '--train', 'none.csv', '--models', 'a,b'], 'replay --online knows no --models; leave it out.'],
    [
      ['--online', '--train', 'none.csv', '--protocol', 'kfold:5'],
      'replay --online knows no --protocol; leave it out.',
    ],
    [['--test', 'none.db', '--strict'], 'the replay of a log knows no --strict; leave it out.'],
  ])('%j is refused', async (flags, message) => {
    await expect(run(...flags)).rejects.toMatchObject({ code: 'invalid_config', message });
  });

  it('is none where it says something: the data is looked for', async () => {
    const known = [
      '--seed',
      '1',
      '--threads',
      '1',
      '--no-cache',
      '--no-text',
      '--resamples',
      '0',
      '--pool',
      'easy/3/all',
    ];
    await expect(run('--train', 'none.csv', ...known)).rejects.toThrow('none.csv: there is no such file');
    await expect(run('--online', '--train', 'none.csv', '--steps', '5', '--threads', '1')).rejects.toThrow('none.csv');
  });
});
