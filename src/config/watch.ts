import { readFile, stat } from 'node:fs/promises';

export interface WatchOptions {
  /** Milliseconds between looks. Default 1,000. */
  readonly everyMs?: number;
}

/**
 * Calls `changed` when a file's content is another one than before, and has been so for two looks: an editor that is
 * in the middle of writing is left in peace. Looks at the file by its name, so editors that write a new file and rename
 * it, and Kubernetes, which swaps a link, are seen; a file that is gone for a while is waited for. Returns what ends it.
 */
export function watchFile(file: string, changed: () => void, options: WatchOptions = {}): () => void {
  const everyMs = options.everyMs ?? 1_000;
  let ended = false;
  let timer: NodeJS.Timeout | null = null;
  /** What was last seen of it, and whether that was told. */
  let stamp: string | null = null;
  let known: string | null = null;

  const look = async (): Promise<void> => {
    const now = await stampOf(file);
    const settled = now !== null && now === stamp;
    stamp = now;
    if (!settled || ended) return;
    const content = await contentOf(file);
    if (content === null || content === known || ended) return;
    const first = known === null;
    known = content;
    if (!first) changed();
  };

  const again = (): void => {
    timer = setTimeout(() => {
      void look().finally(() => {
        if (!ended) again();
      });
    }, everyMs).unref();
  };

  const begin = async (): Promise<void> => {
    // What is there now is what was loaded a moment ago.
    stamp = await stampOf(file);
    known = await contentOf(file);
    if (!ended) again();
  };
  void begin();
  return () => {
    ended = true;
    if (timer !== null) clearTimeout(timer);
  };
}

async function stampOf(file: string): Promise<string | null> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return null;
  }
}

async function contentOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
