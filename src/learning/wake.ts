/** Lets one loop sleep until something happens or a time has passed. */
export interface Wake {
  /** What happens while nobody sleeps is remembered: the next sleep ends at once. */
  nudge(): void;
  sleep(limitMs: number): Promise<void>;
}

export function createWake(): Wake {
  let nudged = false;
  let end: (() => void) | null = null;
  return {
    nudge() {
      nudged = true;
      end?.();
    },
    async sleep(limitMs) {
      if (!nudged && limitMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, limitMs);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      end = null;
      nudged = false;
    },
  };
}
