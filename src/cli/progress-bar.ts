import { Presets, SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../replay/progress.ts';

const doing: Readonly<Record<Progress['stage'], string>> = {
  read: 'reading',
  embed: 'embedding',
  tune: 'choosing settings',
  fit: 'fitting',
  sweep: 'routing',
  bootstrap: 'intervals',
  write: 'writing',
};

/** One bar that shows the stage a long command is at; silent where nobody looks at a terminal. */
export function progressBar(): { readonly onProgress: OnProgress; readonly stop: () => void } {
  if (!process.stderr.isTTY) return { onProgress: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% {stage} {what} {eta_formatted}',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let shown = '';
  return {
    onProgress({ stage, what, done, total }) {
      const labels = { stage: doing[stage], what };
      const now = `${stage}/${what}`;
      if (shown === now) bar.update(done, labels);
      else {
        if (shown !== '') bar.stop();
        bar.start(Math.max(total, 1), done, labels);
        shown = now;
      }
    },
    stop: () => bar.stop(),
  };
}
