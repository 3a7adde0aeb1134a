import { createHash } from 'node:crypto';
import { html, jsonForPage, type Html } from './html.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';

/** What tooltips tell, by the `data-key` of what they are about. */
export type Tips = Readonly<
  Record<string, { readonly title: string; readonly rows: readonly (readonly [name: string, value: string])[] }>
>;

export interface Page {
  readonly title: string;
  /** A few sentences under the title. */
  readonly lead: string;
  readonly warnings: readonly string[];
  readonly body: Html;
  /** For the script: `tips`, or what `pageScript` reads of a replay. */
  readonly data: object;
  /** Of Pointsman. */
  readonly version: string;
}

/**
 * A whole page that needs nothing else: no network (its own policy forbids it), no second file. Every value is escaped
 * but what is `Html`. Same page, same bytes.
 */
export function htmlPage({ title, lead, warnings, body, data, version }: Page): string {
  const style: Html = { markup: pageStyle };
  // In one piece: the policy's sum is over every character between the tags.
  const script: Html = { markup: `<script>${pageScript}</script>` };
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(pageScript).digest('base64')}'`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="generator" content="Pointsman ${version}" />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${title}</h1>
            <p class="lead">${lead}</p>
          </header>
          ${
            warnings.length === 0
              ? null
              : html`<ul class="warnings">
                  ${warnings.map((warning) => html`<li>${warning}</li>`)}
                </ul>`
          }
          ${body}
          <footer>
            Made by Pointsman ${version}. manifest.json beside this page has what was read and written;
            <code>pointsman reproduce</code> with this folder runs it again and compares every byte.
          </footer>
        </main>
        <div id="tip" role="status" hidden></div>
        <script type="application/json" id="data">
          ${jsonForPage(data)}
        </script>
        ${script}
      </body>
    </html> `;
  return page.markup;
}
