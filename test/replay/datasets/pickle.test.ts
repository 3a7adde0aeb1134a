import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointsmanError } from '../../../src/core/errors.ts';
import { expectedCells, readCells, readCellsOf, valueOf } from '../../helpers/pickles.ts';
import { temporaryFolder } from '../helpers.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/pickles/', import.meta.url));
const real = (protocol: number): Buffer => readFileSync(join(fixtures, `mixed.${protocol}.pkl`));

/** What reading these bytes throws; null where it throws nothing. */
function thrownBy(bytes: Buffer, limitBytes?: number): unknown {
  try {
    readCellsOf(bytes, limitBytes);
    return null;
  } catch (error) {
    return error;
  }
}

const bytesOf = (...parts: (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

describe('a pickle that pandas made', () => {
  it.each([2, 3, 4, 5])('of protocol %i gives every cell', (protocol) => {
    expect(readCells(join(fixtures, `mixed.${protocol}.pkl`))).toEqual(expectedCells(join(fixtures, 'mixed.json')));
  });

  it.each([2, 3, 4, 5])('of pandas 2.2 over numpy 2.4, of protocol %i, gives every cell', (protocol) => {
    const place = join(fixtures, 'kinds-pandas2');
    expect(readCells(`${place}.${protocol}.pkl`)).toEqual(expectedCells(`${place}.json`));
  });

  it('with a code of no category is refused', () => {
    const bytes = readFileSync(join(fixtures, 'kinds-pandas2.4.pkl'));
    // The codes of "category": x, none, y, x.
    const at = bytes.indexOf(Buffer.from([0, 255, 1, 0]));
    expect(at).toBeGreaterThan(0);
    bytes[at] = 7;
    expect(thrownBy(bytes)).toMatchObject({
      code: 'invalid_data',
      message: 'x.pkl, row 1: a category that is not in the list of categories.',
    });
  });

  it('with columns of Arrow is refused with what to do', () => {
    const bytes = bytesOf([0x80, 4], 'cpyarrow.lib\n_restore_array\n.');
    expect(thrownBy(bytes)).toMatchObject({ message: expect.stringMatching(/kept by Arrow.*to_parquet/) });
  });

  it.each([2, 4, 5])('of protocol %i, cut short anywhere, is refused', (protocol) => {
    const bytes = real(protocol);
    for (let length = 0; length < bytes.length; length++) {
      expect(thrownBy(bytes.subarray(0, length)), `cut at ${length}`).toMatchObject({ code: 'invalid_data' });
    }
  });

  it('says where it stops', () => {
    expect(thrownBy(real(5).subarray(0, 700))).toMatchObject({
      message: expect.stringMatching(/^x\.pkl: (a frame is longer than the file|the pickle stops in the middle)/),
    });
  });

  it('with any bytes changed is read or refused, never anything else', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(2, 3, 4, 5), change, (protocol, changes) => {
        const bytes = Buffer.from(real(protocol));
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        const thrown = thrownBy(bytes);
        if (thrown !== null && !(thrown instanceof PointsmanError && thrown.code === 'invalid_data')) throw thrown;
      }),
      { numRuns: 1500, seed: 7 },
    );
  });

  it('with bytes cut out or put in is read or refused, never anything else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 4, 5),
        fc.nat(),
        fc.nat(40),
        fc.uint8Array({ maxLength: 12 }),
        (protocol, from, cut, put) => {
          const bytes = real(protocol);
          const at = from % bytes.length;
          const thrown = thrownBy(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]));
          if (thrown !== null && !(thrown instanceof PointsmanError && thrown.code === 'invalid_data')) throw thrown;
        },
      ),
      { numRuns: 1000, seed: 11 },
    );
  });
});

describe('a pickle longer than what is read at once', () => {
  it('reads every kind of number and text across the edge', () => {
    const window = 1 << 20;
    const values = bytesOf(
      'J',
      [1, 2, 3, 4],
      'G',
      [0x3f, 0xe0, 0, 0, 0, 0, 0, 0],
      'X',
      [3, 0, 0, 0],
      'abc',
      'M',
      [1, 2],
      [0x8a, 2, 0, 1],
    );
    for (let before = 0; before <= values.length; before++) {
      // A text that fills all but `before` bytes of the first window and is thrown away again.
      const filler = Buffer.alloc(window - before - 6, 'x');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(filler.length);
      const whole = Buffer.concat([bytesOf('X'), length, filler, bytesOf('0'), bytesOf('('), values, bytesOf('t.')]);
      expect(valueOf(whole), `${before} bytes before the edge`).toEqual([0x04030201, 0.5, 'abc', 0x0201, 256]);
    }
  });
});

describe('random bytes', () => {
  it('are refused or make no table', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const thrown = thrownBy(Buffer.from(bytes));
        if (thrown !== null && !(thrown instanceof PointsmanError && thrown.code === 'invalid_data')) throw thrown;
      }),
      { numRuns: 1500, seed: 13 },
    );
  });
});

describe('a hostile pickle', () => {
  const marker = join(temporaryFolder(), 'was-run');
  const command = `touch ${marker}`;
  const text = (value: string): number[] => [0x8c, value.length, ...Buffer.from(value)];
  const hostile: readonly (readonly [string, Buffer])[] = [
    ['os.system, protocol 0', bytesOf(`cos\nsystem\n(S'${command}'\ntR.`)],
    ['os.system, protocol 4', bytesOf([0x80, 4], text('os'), text('system'), [0x93], text(command), [0x85], 'R.')],
    ['posix.system by INST', bytesOf(`(S'${command}'\niposix\nsystem\n.`)],
    [
      'subprocess.Popen by NEWOBJ',
      bytesOf([0x80, 2], `csubprocess\nPopen\n(X`, [command.length, 0, 0, 0], command, 't', [0x81], '.'),
    ],
    ['builtins.eval', bytesOf(`cbuiltins\neval\n(S'1'\ntR.`)],
    ['builtins.getattr', bytesOf('cbuiltins\ngetattr\n.')],
    ['a dotted name', bytesOf([0x80, 4], text('pandas.core.frame'), text('DataFrame.eval'), [0x93], '.')],
    ['numpy.load', bytesOf('cnumpy\nload\n.')],
    ['an inherited member of the table of names', bytesOf('cconstructor\nconstructor\n.')],
    ['a name of the prototype', bytesOf('c__proto__\ntoString\n.')],
    ['partial around something else', bytesOf('cfunctools\npartial\n(cos\nsystem\ntR.')],
  ];
  it.each(hostile)('that asks for %s is refused, and nothing runs', (_, bytes) => {
    expect(thrownBy(bytes)).toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(
        /^x\.pkl: the pickle asks for ".*", which is no part of a table; nothing was run \(at byte \d+\)\.$/,
      ),
    });
    expect(existsSync(marker)).toBe(false);
  });

  const malformed: readonly (readonly [string, Buffer, RegExp])[] = [
    ['a persistent id', bytesOf('Pwho\n.'), /persistent ids/],
    ['the extension registry', bytesOf([0x82, 1], '.'), /extension registry/],
    ['an outside buffer', bytesOf([0x97], '.'), /buffers outside the file/],
    ['protocol 6', bytesOf([0x80, 6], 'N.'), /protocol 6/],
    ['an unknown instruction', bytesOf([0xff], '.'), /0xff is no instruction/],
    ['a text of 4 GB', bytesOf('X', [0xff, 0xff, 0xff, 0xff], 'short.'), /stops in the middle/],
    ['a text of 2^63 bytes', bytesOf([0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80], '.'), /stops in the middle/],
    ['bytes that are not there', bytesOf('B', [0, 1, 0, 0], 'short.'), /stops in the middle/],
    ['a frame beyond the end', bytesOf([0x95, 200, 0, 0, 0, 0, 0, 0, 0], 'N.'), /stops in the middle/],
    ['a frame just beyond the end', bytesOf([0x95, 10, 0, 0, 0, 0, 0, 0, 0], 'N.'), /longer than the file/],
    ['an integer of 2 GB', bytesOf([0x8b, 0, 0, 0, 0x70], '.'), /an integer of \d+ bytes/],
    ['an integer that is none', bytesOf('Inine\n.'), /an integer is not one/],
    ['a float that is none', bytesOf('Fnine\n.'), /a number is not one/],
    ['a value from an empty stack', bytesOf('0.'), /where it put none/],
    ['a value from below its mark', bytesOf('N(0.'), /where it put none/],
    ['a group never opened', bytesOf('t.'), /never opened/],
    ['a group never closed', bytesOf('((N.'), /loose values/],
    ['two results', bytesOf('NN.'), /loose values/],
    ['no result', bytesOf('.'), /loose values/],
    ['an unwritten reference', bytesOf('h', [9], '.'), /has not written/],
    ['an append to no list', bytesOf('NNa.'), /is no list/],
    ['a key of no dictionary', bytesOf('NNNs.'), /no dictionary/],
    ['state of no object', bytesOf('NNb.'), /has none/],
    ['a call of no constructor', bytesOf('N)R.'), /no constructor/],
    ['marks without end', Buffer.alloc(20_000, '('), /nests deeper than 10000 levels/],
    ['a memo far away', bytesOf('Nr', [0xff, 0xff, 0xff, 0xff], '.'), /more than 1024 MiB/],
  ];
  it.each(malformed)('with %s is refused', (_, bytes, message) => {
    expect(thrownBy(bytes)).toMatchObject({ code: 'invalid_data', message: expect.stringMatching(message) });
  });

  it('that doubles itself in the memo takes no more than its own size', () => {
    // a = [x]; b = [a, a]; c = [b, b]; ... 60 times: 2^60 leaves, were anybody to walk them.
    const doubled = Array.from({ length: 60 }, (_, i) => bytesOf('](h', [i], 'h', [i], 'eq', [i + 1]));
    const bomb = bytesOf(']N', 'aq', [0], ...doubled.map((part) => [...part]));
    // Each list stays on the stack; tie them up so that one value is left.
    expect(readCellsOf(bytesOf('(', [...bomb], 't.'))).toBeNull();
  });

  it('whose cell doubles itself is refused when the cell is read', () => {
    const expanding = Array.from({ length: 60 }, (_, i) => [
      ...bytesOf('](h', [100 + i], 'h', [100 + i], 'eq', [101 + i], '0'),
    ]).flat();
    // `object` of the first row, put in place of the text `plain` in the real table.
    const bytes = real(2);
    const at = bytes.indexOf(bytesOf('X', [5, 0, 0, 0], 'plain'));
    const bomb = bytesOf(']q', [100], '0', expanding, 'h', [160]);
    const whole = Buffer.concat([bytes.subarray(0, at), bomb, bytes.subarray(at + 10)]);
    expect(thrownBy(whole)).toMatchObject({ message: expect.stringMatching(/a cell holds more than 10000 values/) });
  });

  it('that makes lists without end is refused before memory is', () => {
    const lists = bytesOf('(', [...Buffer.alloc(200_000, ']')], 't.');
    expect(thrownBy(lists, 8 << 20)).toMatchObject({ message: expect.stringMatching(/more than 8 MiB of memory/) });
    expect(readCellsOf(lists, 32 << 20)).toBeNull();
  });
});
