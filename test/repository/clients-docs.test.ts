import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientsFile, matrixTest } from '../../scripts/docs-clients.ts';

it('docs/clients.md names tests that exist, and nothing that failed; to renew it: npx tsx scripts/docs-clients.ts', () => {
  const page = readFileSync(clientsFile, 'utf8');
  const source = readFileSync(new URL(`../../${matrixTest}`, import.meta.url), 'utf8');
  const cells = [...page.matchAll(/`([^`>|]+) > ([^`>|]+)`/g)];
  expect(cells.length).toBeGreaterThanOrEqual(30);
  for (const [, client, feature] of cells) {
    expect(source).toContain(`describe('${client}'`);
    expect(source).toContain(`'${feature}'`);
  }
  expect(page).not.toContain('| failed');
});
