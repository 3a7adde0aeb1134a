import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { substitute } from '../../src/config/substitute.ts';
import { model, read, refusal } from './read.ts';

const environment = { KEY: 'secret', EMPTY: '', PORT_NUMBER: '8080' };
const valueOf = (text: string): unknown => substitute(text, environment).value;

describe('substitute', () => {
  it.each([
    ['${KEY}', 'secret'],
    ['a ${KEY} b ${KEY}', 'a secret b secret'],
    ['${NONE:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${KEY:-fallback}', 'secret'],
    ['${NONE:-}', ''],
    ['$${KEY}', '${KEY}'],
    ['$KEY costs $5', '$KEY costs $5'],
    ['${NONE:-http://h:1/v1}', 'http://h:1/v1'],
  ])('%s', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  it('reaches into lists and maps, never into keys', () => {
    expect(substitute({ '${KEY}': ['${KEY}', { a: '${KEY}' }, 3, null] }, environment).value).toEqual({
      '${KEY}': ['secret', { a: 'secret' }, 3, null],
    });
  });

  it('does not look into what it put in', () => {
    expect(substitute('${A}', { A: '${B}', B: 'b' }).value).toBe('${B}');
  });

  it('leaves text without "${" alone', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${')),
        (text) => {
          expect(substitute(text, environment)).toMatchObject({ value: text, problems: [] });
        },
      ),
    );
  });

  it('names the unset variable and its place, once, without blaming the empty value', () => {
    const yaml = 'models:\n  - id: a\n    base_url: http://h/v1\n    api_key: ${NOT_SET}\n';
    expect(refusal(yaml)).toBe(
      'test.yaml:4:14 models[0].api_key: the environment variable NOT_SET is not set; set it, or write ${NOT_SET:-default}.',
    );
    expect(refusal(yaml, { NOT_SET: '' })).toContain('NOT_SET is not set');
    expect(refusal('models: [{ id: "${1x}" }]')).toContain('"${1x}" is no variable');
    expect(refusal('models: [{ id: "${OPEN" }]')).toContain('"${OPEN}" is no variable');
  });

  it('gives numbers where numbers are meant', () => {
    const config = read(
      `${model}listen: { port: "\${PORT_NUMBER}" }\nlimits: { usd_per_day: "\${BUDGET:-2.5}" }\n`,
      environment,
    );
    expect(config.listen.port).toBe(8080);
    expect(config.limits.usdPerDay).toBe(2.5);
    expect(refusal(`${model}listen: { port: "\${KEY}" }`, environment)).toContain('expected a whole number');
  });
});
