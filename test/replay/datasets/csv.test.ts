import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSplitter, readCsv } from '../../../src/replay/datasets/csv.ts';
import { temporaryFolder } from '../helpers.ts';

const folder = temporaryFolder();

async function readAll(path: string): Promise<string[][]> {
  const records: string[][] = [];
  for await (const batch of readCsv(path, 'a.csv')) records.push(...batch);
  return records;
}

function splitText(text: string, chunkBytes = Number.POSITIVE_INFINITY): string[][] {
  const bytes = Buffer.from(text);
  const splitter = createSplitter('a.csv');
  const records: string[][] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    records.push(...splitter.push(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes))));
  }
  return [...records, ...splitter.end()];
}

const quoteField = (field: string): string => `"${field.replaceAll('"', '""')}"`;

describe('records', () => {
  const field = fc.oneof(
    fc.string({ maxLength: 8, unit: 'grapheme' }),
    fc.string({ maxLength: 6, unit: fc.constantFrom('"', ',', '\n', '\r', 'é', '漢', ' ', 'a') }),
  );
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
    );

  it('come back as they were written, wherever the chunks end, with or without a last line break', () => {
    fc.assert(
      fc.property(
        table,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, chunkBytes, lineEnd, closed) => {
          const text = rows.map((row) => row.map(quoteField).join(',')).join(lineEnd) + (closed ? lineEnd : '');
          expect(splitText(text, chunkBytes)).toEqual(rows);
        },
      ),
    );
  });

  it('stop where no table has so many fields, long before the record ends', () => {
    const splitter = createSplitter('a.csv');
    const chunk = Buffer.from('a,'.repeat(40_000));
    splitter.push(chunk);
    splitter.push(chunk);
    // A long record is looked at again when twice as much of it is there.
    splitter.push(chunk);
    expect(() => splitter.push(chunk)).toThrow('a.csv, row 1: it has more than 100,000 fields, which no table has');
  });

  it('may be unquoted, empty at either end, and end in CRLF', () => {
    expect(splitText('a,b,c\r\n1,,x y\r\n,,\r\n')).toEqual([
      ['a', 'b', 'c'],
      ['1', '', 'x y'],
      ['', '', ''],
    ]);
    expect(splitText('a,b\n1,')).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
  });

  it('skip blank lines and a byte order mark, also one cut in two', () => {
    for (const chunkBytes of [1, 2, 100]) {
      expect(splitText('\uFEFFa,b\n\n1,2\n\r\n', chunkBytes)).toEqual([
        ['a', 'b'],
        ['1', '2'],
      ]);
    }
  });

  it.each([
    ['a,b\n1,2\n1,2,3\n', 'a.csv, row 3: 3 fields where the header has 2.'],
    ['a,b\n1,"x\n', 'a.csv, row 2: field 2 opens a quote that is never closed.'],
    ['a,b\n"x"y,2\n', 'a.csv, row 2: field 1 goes on after its closing quote.'],
  ])('refuse %j', (text, message) => {
    expect(() => splitText(text)).toThrow(message);
    expect(() => splitText(text, 1)).toThrow(message);
  });
});

describe('readCsv', () => {
  it('reads gzip by its first bytes, whatever the file is called', async () => {
    const path = join(folder, 'squeezed.csv');
    writeFileSync(path, gzipSync('a,b\n1,"x\ny"\n'));
    expect(await readAll(path)).toEqual([
      ['a', 'b'],
      ['1', 'x\ny'],
    ]);
  });

  it('keeps records whole across chunks of a large file', async () => {
    const path = join(folder, 'large.csv.gz');
    const prompt = (i: number): string => `${i} "${'漢字,\n'.repeat(40 + (i % 7))}"`;
    const rows = Array.from({ length: 9_000 }, (_, i) => `${i},${quoteField(prompt(i))}\n`);
    writeFileSync(path, gzipSync(`id,prompt\n${rows.join('')}`, { level: 1 }));
    const records = await readAll(path);
    expect(records.length).toBe(9_001);
    expect(records.every((record, i) => i === 0 || (record[0] === String(i - 1) && record[1] === prompt(i - 1)))).toBe(
      true,
    );
  });

  it('says which file cannot be read', async () => {
    await expect(readAll(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(/^a\.csv cannot be read: ENOENT/),
    });
    const path = join(folder, 'torn.csv.gz');
    writeFileSync(path, gzipSync('a,b\n1,2\n'.repeat(500)).subarray(0, 30));
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringContaining('a.csv'),
    });
  });
});
