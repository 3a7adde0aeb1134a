import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxEventBytes, SseTap, type StreamFault } from '../../src/backends/sse-tap.ts';
import {
  chunkEvent,
  doneEvent,
  event,
  fakeUsage,
  roleEvent,
  stopEvent,
  streamEvents,
  usageEvent,
} from '../helpers/fake-upstream.ts';

interface Heard {
  text: string;
  fault: StreamFault | null;
  whole: boolean;
  /** Text up to and with the first piece that was flagged as output. */
  firstOutput: string | null;
  result: SseTap['result'];
}

/** Feeds the pieces, then the end of the connection. */
function listen(pieces: readonly (string | Buffer)[], { includeUsage = false, choices = 1, end = true } = {}): Heard {
  const out: Buffer[] = [];
  let firstOutput: string | null = null;
  const tap = new SseTap(includeUsage, choices, (bytes, output) => {
    out.push(bytes);
    if (output) firstOutput ??= Buffer.concat(out).toString();
  });
  let fault: StreamFault | null = null;
  for (const piece of pieces) fault ??= tap.push(Buffer.from(piece));
  if (end) fault ??= tap.finish();
  return { text: Buffer.concat(out).toString(), fault, whole: tap.done, firstOutput, result: tap.result };
}

const events = streamEvents(['Hello', ' wörld', ' 🙂']);
const withoutUsage = streamEvents(['Hello', ' wörld', ' 🙂'], false).join('');

describe('SseTap', () => {
  it('passes whole events on and takes the usage chunk out where nobody asked for it', () => {
    const heard = listen(events);
    expect(heard).toMatchObject({ text: withoutUsage, fault: null, whole: true });
    expect(heard.result).toEqual({
      usage: { inputTokens: 9, cachedTokens: 0, outputTokens: 2 },
      costUsd: null,
      finishReason: 'stop',
    });
  });

  it('leaves the usage chunk where the client asked', () => {
    expect(listen(events, { includeUsage: true }).text).toBe(events.join(''));
  });

  it('law: how the bytes are cut into chunks changes neither what passes nor what is known', () => {
    const all = Buffer.from(
      [`: ping\n\n`, ...events.slice(0, 3), ': later\n\n', ...events.slice(3)].join('').replace('"stop"', '"length"'),
    );
    const reference = listen([all]);
    expect(reference.result.finishReason).toBe('length');
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 30 }), fc.boolean(), (cuts, crlf) => {
        const bytes = crlf ? Buffer.from(all.toString().replaceAll('\n', '\r\n')) : all;
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
        const heard = listen(pieces);
        expect(heard.text.replaceAll('\r\n', '\n')).toBe(reference.text);
        expect(heard.result).toEqual(reference.result);
        expect(heard.whole).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('copes with byte by byte, split characters and all', () => {
    const bytes = Buffer.from(events.join(''));
    const heard = listen([...bytes].map((byte) => Buffer.of(byte)));
    expect(heard).toMatchObject({ text: withoutUsage, fault: null, whole: true });
    expect(heard.result.usage?.outputTokens).toBe(2);
  });

  it('holds back an incomplete last event', () => {
    const [role = '', first = ''] = events;
    expect(listen([role + first.slice(0, 40)], { end: false }).text).toBe(role);
  });

  it('does not hand out memory that it writes to again', () => {
    const seen: Buffer[] = [];
    const tap = new SseTap(false, 1, (bytes) => seen.push(bytes));
    for (const byte of Buffer.from(events.join(''))) tap.push(Buffer.of(byte));
    expect(Buffer.concat(seen).toString()).toBe(withoutUsage);
  });

  it('tells output from roles, empty deltas, nulls and comments', () => {
    const quiet = [
      ': ping\n\n',
      roleEvent,
      chunkEvent({ content: '' }),
      chunkEvent({ content: null, tool_calls: [], reasoning: '' }),
      event({ choices: [], prompt_filter_results: [] }),
    ];
    const token = chunkEvent({ content: 'x' });
    const heard = listen([...quiet, token, stopEvent, doneEvent]);
    expect(heard.firstOutput).toBe(quiet.slice(1).join('') + token);
  });

  it.each([
    ['reasoning_content', { reasoning_content: 'hm' }],
    ['tool calls', { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }],
    ['a refusal', { refusal: 'no' }],
    ['a field that nobody knows', { audio: { id: 'a' } }],
  ])('%s is output', (_, delta) => {
    expect(listen([roleEvent, chunkEvent(delta), stopEvent, doneEvent]).firstOutput).toBe(
      roleEvent + chunkEvent(delta),
    );
  });

  it('drops comments before the first output and passes them after it', () => {
    const token = chunkEvent({ content: 'x' });
    expect(listen([': a\n\n', token, ': b\n\n', stopEvent, doneEvent]).text).toBe(
      token + ': b\n\n' + stopEvent + doneEvent,
    );
  });

  it('reads an event of several data lines, and other fields beside data', () => {
    const pretty = JSON.stringify(JSON.parse(stopEvent.slice(6)), null, 1);
    const lines = `event: message\nid: 7\n${pretty
      .split('\n')
      .map((line) => `data: ${line}\n`)
      .join('')}\n`;
    const heard = listen([chunkEvent({ content: 'x' }), lines, doneEvent]);
    expect(heard).toMatchObject({ fault: null, whole: true, text: chunkEvent({ content: 'x' }) + lines + doneEvent });
    expect(heard.result.finishReason).toBe('stop');
  });

  it('understands data without a space after the colon', () => {
    const heard = listen([...events].map((text) => text.replace('data: ', 'data:')));
    expect(heard).toMatchObject({ fault: null, whole: true });
    expect(heard.result.usage?.inputTokens).toBe(9);
  });

  it('takes usage from the last content chunk and leaves that chunk in', () => {
    const last = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: fakeUsage });
    const heard = listen([chunkEvent({ content: 'x' }), last, doneEvent]);
    expect(heard.text).toContain(last);
    expect(heard.result.usage?.inputTokens).toBe(9);
  });

  it('reads cached tokens and the cost that OpenRouter tells', () => {
    const usage = { ...fakeUsage, prompt_tokens_details: { cached_tokens: 4 }, cost: 0.0012 };
    const heard = listen([chunkEvent({ content: 'x' }), stopEvent, usageEvent(usage), doneEvent]);
    expect(heard.result).toMatchObject({ costUsd: 0.0012, usage: { cachedTokens: 4 } });
  });

  it('is not fooled by text that speaks of the keys it looks for', () => {
    const text = 'the "usage" : {"finish_reason": "stop", "error": 1} of data: [DONE]\n\n';
    const heard = listen([
      chunkEvent({ content: text }),
      chunkEvent({ content: 'usage' }),
      chunkEvent({ content: 'error' }),
      stopEvent,
      doneEvent,
    ]);
    expect(heard).toMatchObject({ fault: null, whole: true });
    expect(heard.result.usage).toBeNull();
  });

  describe('the end', () => {
    it('without [DONE] and finish_reason is a cut', () => {
      expect(listen([roleEvent, chunkEvent({ content: 'x' })])).toMatchObject({ fault: { type: 'cut' }, whole: false });
    });

    it('inside an event is a cut, and the half event does not pass', () => {
      const heard = listen([chunkEvent({ content: 'x' }), stopEvent.slice(0, -20)]);
      expect(heard).toMatchObject({ fault: { type: 'cut' }, text: chunkEvent({ content: 'x' }) });
    });

    it('law: however it is cut short, what passes is a prefix, and nothing before the last finish is whole', () => {
      const all = Buffer.from(events.join(''));
      const finish = all.indexOf(stopEvent) + Buffer.byteLength(stopEvent) - '}\n\n'.length;
      for (let length = 0; length < all.length; length++) {
        const heard = listen([all.subarray(0, length)], { includeUsage: true });
        expect(heard.whole).toBe(length > finish);
        expect(events.join('').startsWith(heard.text.replace(doneEvent, ''))).toBe(true);
      }
    });

    it('of nothing at all is a cut', () => {
      expect(listen([])).toMatchObject({ fault: { type: 'cut' } });
    });

    it('with finish_reason and no [DONE] is whole, and [DONE] is added', () => {
      const heard = listen([chunkEvent({ content: 'x' }), stopEvent]);
      expect(heard).toMatchObject({
        fault: null,
        whole: true,
        text: chunkEvent({ content: 'x' }) + stopEvent + doneEvent,
      });
    });

    it('waits for every choice that was asked for', () => {
      const finish = (index: number): string => event({ choices: [{ index, delta: {}, finish_reason: 'stop' }] });
      expect(listen([chunkEvent({ content: 'x' }), finish(0)], { choices: 2 }).fault).toEqual({ type: 'cut' });
      expect(listen([chunkEvent({ content: 'x' }), finish(0), finish(1)], { choices: 2 }).fault).toBeNull();
    });

    it.each(['data: [DONE]', 'data: [DONE]\n', 'data: [DONE]\r\n'])('%j needs no blank line', (last) => {
      const heard = listen([chunkEvent({ content: 'x' }), last]);
      expect(heard).toMatchObject({ fault: null, whole: true });
      expect(heard.text.match(/\[DONE\]/g)).toHaveLength(1);
    });

    it('ignores what comes after [DONE]', () => {
      const heard = listen([
        chunkEvent({ content: 'x' }),
        stopEvent,
        doneEvent + chunkEvent({ content: 'late' }),
        'junk',
      ]);
      expect(heard.text).toBe(chunkEvent({ content: 'x' }) + stopEvent + doneEvent);
    });

    it('[DONE] before any output is no answer', () => {
      expect(listen([roleEvent, doneEvent])).toMatchObject({ fault: { type: 'garbage' }, text: roleEvent });
    });
  });

  describe('faults', () => {
    const error = event({ error: { message: 'overloaded', type: 'server_error', param: null, code: 503 } });

    it('an error before any output', () => {
      expect(listen([roleEvent, error])).toMatchObject({
        fault: { type: 'error', error: { message: 'overloaded', status: 503 } },
        firstOutput: null,
      });
    });

    it('an error after output: what came before it passes, it does not, nor does a [DONE] that follows', () => {
      const heard = listen([roleEvent + chunkEvent({ content: 'x' }) + error + doneEvent]);
      expect(heard).toMatchObject({ fault: { type: 'error' }, whole: false });
      expect(heard.text).toBe(roleEvent + chunkEvent({ content: 'x' }));
    });

    it.each([
      ['named by event:', 'event: error\ndata: {"error":"boom"}\n\n', 'boom'],
      ['as vLLM says it', event({ object: 'error', message: 'too long', code: 400 }), 'too long'],
    ])('an error %s', (_, text, message) => {
      expect(listen([text]).fault).toMatchObject({ type: 'error', error: { message } });
    });

    it.each([
      ['HTML', 'data: <html>\n\n'],
      ['half JSON', 'data: {"choices":[{"delta":\n\n'],
      ['JSON of another kind', 'data: {"hello":1}\n\n'],
      ['a list', 'data: []\n\n'],
    ])('%s before any output', (_, text) => {
      expect(listen([text]).fault).toMatchObject({ type: 'garbage' });
    });

    it('an event that breaks off after output', () => {
      expect(
        listen([chunkEvent({ content: 'x' }), 'data: {"choices":[{"delta":{"content":"y\n\n']).fault,
      ).toMatchObject({
        type: 'garbage',
      });
    });

    it('an event without end is given up at the bound, and not before', () => {
      const start = chunkEvent({ content: 'x' });
      const big = `data: {"choices":[{"index":0,"delta":{"content":"${'y'.repeat(maxEventBytes - 200)}"}}]}\n\n`;
      expect(listen([start, ...(big.match(/.{1,60000}\n*/g) ?? []), stopEvent, doneEvent]).fault).toBeNull();
      const pieces = Array.from({ length: 40 }, () => 'z'.repeat(60_000));
      expect(listen([start, 'data: ', ...pieces]).fault).toMatchObject({ type: 'garbage' });
    });
  });
});
