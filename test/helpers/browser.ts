import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Whether Debian's Chromium is here; where it is not, its tests are skipped and this says so. */
export const hasBrowser = existsSync(executablePath);
if (!hasBrowser) console.warn(`skipped: ${executablePath} is not there; apt-get install chromium`);

/** A Chromium without a screen, that asks the network for nothing of its own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
