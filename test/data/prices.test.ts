import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPriceTable } from '../../src/config/price-table.ts';

const { rows, find } = readPriceTable();

describe('data/prices.json', () => {
  it('knows forty models and more, of every big provider', () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
    const hosts = new Set(rows.flatMap((row) => row.hosts));
    for (const host of ['api.openai.com', 'api.anthropic.com', 'generativelanguage.googleapis.com', 'api.mistral.ai']) {
      expect(hosts).toContain(host);
    }
  });

  it('has one row for a model at a host', () => {
    const places = rows.flatMap((row) => row.hosts.map((host) => `${row.id} @ ${host}`));
    expect(places.filter((place, index) => places.indexOf(place) !== index)).toEqual([]);
  });

  it.each(rows.map((row) => [`${row.id} @ ${row.hosts.join()}`, row] as const))('%s is plausible and sourced', (_, row) => {
    const { input, cachedInput, output } = row.price;
    expect(input).toBeGreaterThan(0);
    expect(input).toBeLessThanOrEqual(200);
    expect(output).toBeGreaterThanOrEqual(input);
    expect(cachedInput).toBeLessThanOrEqual(input);
    if (row.contextTokens !== null) expect(row.contextTokens).toBeGreaterThanOrEqual(4096);
    if (row.contextTokens !== null && row.maxOutputTokens !== null) expect(row.maxOutputTokens).toBeLessThanOrEqual(row.contextTokens);
    expect(new URL(row.source).protocol).toBe('https:');
    expect(new Date(row.date).toISOString().slice(0, 10)).toBe(row.date);
    expect(row.date >= '2025-01-01').toBe(true);
    for (const host of row.hosts) expect(new URL(`https://${host}`).hostname).toBe(host);
  });

  it('holds the prices that everybody knows', () => {
    expect(find('gpt-4o-mini', 'api.openai.com')?.price).toEqual({ input: 0.15, cachedInput: 0.075, output: 0.6 });
    expect(find('gpt-4o', 'api.openai.com')?.price).toEqual({ input: 2.5, cachedInput: 1.25, output: 10 });
  });

  it('prefers the exact id to the id without its date', () => {
    expect(find('gpt-4o-2024-08-06')?.price.input).toBe(2.5);
    expect(find('gpt-4o-2024-05-13')?.price.input).toBe(5);
    expect(find('claude-sonnet-4-5-20250929')?.id).toBe('claude-sonnet-4-5');
    expect(find('gpt-4o-realtime')).toBeNull();
    expect(find('gpt-4o', 'api.mistral.ai')).toBeNull();
  });
});

describe('readPriceTable', () => {
  it('names file and place of what is wrong', () => {
    const folder = mkdtempSync(join(tmpdir(), 'prices-'));
    try {
      const file = join(folder, 'prices.json');
      writeFileSync(file, '{"about":"","models":[{"id":"a","hosts":["h"],"price":{"input":-1,"output":1},"source":"s","date":"2026-01-01"}]}');
      expect(() => readPriceTable(file)).toThrow(`${file}/models/0/price/input: must be >= 0`);
      writeFileSync(file, '{');
      expect(() => readPriceTable(file)).toThrow(`${file} cannot be read`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
