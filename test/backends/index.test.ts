import { describe, expect, it } from 'vitest';
import { backendDefinitions, checkTarget, createBackends } from '../../src/backends/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import { targetAt } from './fixtures.ts';

const good = targetAt('https://api.example.com/v1');

describe('the map of backends', () => {
  it('makes one of each', () => {
    expect([...createBackends({ clock: systemClock }).keys()]).toEqual(Object.keys(backendDefinitions));
  });

  it('lets good targets pass', () => {
    expect(() => checkTarget(good)).not.toThrow();
    expect(() => checkTarget({ ...good, options: { stream_usage: false } })).not.toThrow();
    expect(() =>
      checkTarget({ ...good, backend: 'simulated', baseUrl: '', options: { skills: { code: 1 } } }),
    ).not.toThrow();
  });

  it.each([
    [
      'an unknown backend',
      { backend: 'telepathy' },
      /no backend is called "telepathy" \(openai-compatible, ollama, simulated\)/,
    ],
    ['no URL', { baseUrl: 'api.example.com' }, /base_url/],
    ['another scheme', { baseUrl: 'file:///etc/passwd' }, /base_url/],
    ['a key with a line break', { apiKey: 'sk-1\nx: y' }, /api_key/],
    ['an empty key', { apiKey: '' }, /api_key/],
    ['an unknown option', { options: { stream_usages: true } }, /options\.stream_usages is not an option/],
    ['an option of the wrong type', { options: { stream_usage: 'no' } }, /options\.stream_usage must be boolean/],
    [
      'a skill out of range',
      { backend: 'simulated', options: { skills: { code: 2 } } },
      /options\.skills\.code must be/,
    ],
    ['an unknown subject', { backend: 'simulated', options: { skills: { cooking: 1 } } }, /options\.skills\.cooking/],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => checkTarget({ ...good, ...wrong })).toThrow(message);
    expect(() => checkTarget({ ...good, ...wrong })).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });

  it('never quotes the key', () => {
    expect(() => checkTarget({ ...good, apiKey: 'sk-very secret' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('very') as string }),
    );
  });
});
