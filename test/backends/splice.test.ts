import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceBody } from '../../src/backends/splice.ts';

const name = Buffer.from('"up/stream"');

function splice(text: string, askUsage = false): string {
  const raw = Buffer.from(text);
  return spliceBody({ raw, parsed: JSON.parse(text) as Record<string, unknown> }, name, askUsage).toString();
}

describe('spliceBody', () => {
  it.each([
    ['the model alone', '{"model":"auto"}', '{"model":"up/stream"}'],
    ['white space kept', '{ "model" :\n "auto" , "a" : 1 }', '{ "model" :\n "up/stream" , "a" : 1 }'],
    [
      'nested models untouched',
      '{"a":{"model":"x"},"model":"auto","b":[{"model":"y"}]}',
      '{"a":{"model":"x"},"model":"up/stream","b":[{"model":"y"}]}',
    ],
    ['model as a value', '{"a":"model","model":"auto"}', '{"a":"model","model":"up/stream"}'],
    ['every duplicate', '{"model":"a","x":1,"model":"b"}', '{"model":"up/stream","x":1,"model":"up/stream"}'],
    ['an escaped key', '{"mod\\u0065l":"a","x":1}', '{"mod\\u0065l":"up/stream","x":1}'],
    ['quotes in strings', '{"a":"\\"model\\":\\\\","model":"auto"}', '{"a":"\\"model\\":\\\\","model":"up/stream"}'],
    [
      'numbers as they were written',
      '{"model":"a","t":1.0,"n":1e2,"big":12345678901234567890}',
      '{"model":"up/stream","t":1.0,"n":1e2,"big":12345678901234567890}',
    ],
    ['pointsman first', '{"pointsman":{"lambda":1},"model":"a"}', '{"model":"up/stream"}'],
    ['pointsman last', '{"model":"a","pointsman":{"lambda":1}}', '{"model":"up/stream"}'],
    ['pointsman in the middle', '{"model":"a","pointsman":{"x":"}"},"b":1}', '{"model":"up/stream","b":1}'],
    ['pointsman alone', '{"pointsman":1}', '{}'],
    ['pointsman twice at the end', '{"model":"a","pointsman":1,"pointsman":2}', '{"model":"up/stream"}'],
    ['pointsman around', '{"pointsman":1,"model":"a","pointsman":2}', '{"model":"up/stream"}'],
    ['nested pointsman untouched', '{"model":"a","x":{"pointsman":1}}', '{"model":"up/stream","x":{"pointsman":1}}'],
    [
      'stream_options untouched unless asked',
      '{"model":"a","stream_options":{"include_usage":false}}',
      '{"model":"up/stream","stream_options":{"include_usage":false}}',
    ],
  ])('%s', (_, sent, forwarded) => {
    expect(splice(sent)).toBe(forwarded);
  });

  it.each([
    [
      'inserted',
      '{"model":"a","stream":true}',
      '{"model":"up/stream","stream_options":{"include_usage":true},"stream":true}',
    ],
    [
      'inserted once',
      '{"model":"a","model":"b"}',
      '{"model":"up/stream","stream_options":{"include_usage":true},"model":"up/stream"}',
    ],
    [
      'set where false, the rest kept',
      '{"stream_options":{"include_usage":false,"x":[1]},"model":"a"}',
      '{"stream_options":{"include_usage":true,"x":[1]},"model":"up/stream"}',
    ],
    [
      'set where null',
      '{"model":"a","stream_options":null}',
      '{"model":"up/stream","stream_options":{"include_usage":true}}',
    ],
    [
      'left byte for byte where it asks already',
      '{"model":"a","stream_options": { "include_usage" : true, "y":1.0 }}',
      '{"model":"up/stream","stream_options": { "include_usage" : true, "y":1.0 }}',
    ],
    [
      'left to the upstream where it is no object',
      '{"model":"a","stream_options":"yes"}',
      '{"model":"up/stream","stream_options":"yes"}',
    ],
  ])('stream_options %s', (_, sent, forwarded) => {
    expect(splice(sent, true)).toBe(forwarded);
  });

  it('finds the end of long strings whatever stands before their quote', () => {
    for (let backslashes = 0; backslashes < 6; backslashes++) {
      for (const padding of [0, 20, 30, 31, 32, 33, 34, 60]) {
        const value = `${'x'.repeat(padding)}${'\\'.repeat(backslashes)}","model":"not me"`;
        const text = JSON.stringify({ a: value, model: 'me' });
        expect(JSON.parse(splice(text))).toEqual({ a: value, model: 'up/stream' });
      }
    }
  });

  const value = fc.jsonValue({ maxDepth: 3 });
  const spacedJson = (entries: readonly (readonly [string, unknown])[], space: string): string =>
    `{${space}${entries.map(([key, item]) => `${JSON.stringify(key)}${space}:${space}${JSON.stringify(item, null, space)}`).join(`${space},${space}`)}${space}}`;
  const key = fc.oneof(
    fc.constantFrom('pointsman', 'stream_options', 'messages', 'modelx', 'model '),
    fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__'),
  );
  const entries = fc
    .tuple(fc.array(fc.tuple(key, value), { maxLength: 8 }), fc.nat(8))
    .map(([list, at]) => [...list.slice(0, at), ['model', 'auto'] as [string, unknown], ...list.slice(at)]);

  it('law: parses to the same but for the three members', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom('', ' ', '\n\t '), fc.boolean(), (members, space, askUsage) => {
        const text = spacedJson(members, space);
        const expected = JSON.parse(text) as Record<string, unknown>;
        const own = expected['stream_options'];
        delete expected['pointsman'];
        expected['model'] = 'up/stream';
        if (askUsage && (own === undefined || own === null)) expected['stream_options'] = { include_usage: true };
        else if (askUsage && typeof own === 'object' && !Array.isArray(own)) {
          expected['stream_options'] = { ...own, include_usage: true };
        }
        expect(JSON.parse(splice(text, askUsage))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('law: without pointsman and stream_options every byte but the model value stays', () => {
    const others = entries.filter((list) => list.every(([name]) => name !== 'pointsman' && name !== 'stream_options'));
    fc.assert(
      fc.property(others, fc.constantFrom('', ' ', '\n'), (members, space) => {
        const text = spacedJson(members, space);
        const replaced = spacedJson(
          members.map(([name, item]) => (name === 'model' ? [name, 'up/stream'] : [name, item])),
          space,
        );
        expect(splice(text)).toBe(replaced);
      }),
      { numRuns: 1000 },
    );
  });
});
