import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { humanAsk, withoutInjected } from '../../src/wire/human-ask.ts';

const user = (content: unknown) => ({ role: 'user', content });
const reminder = '<system-reminder>\nYour todo list is empty.\n</system-reminder>';

describe('the human ask', () => {
  test.each<[string, unknown[], string]>([
    ['the last user message', [user('First'), { role: 'assistant', content: 'A' }, user('Second')], 'Second'],
    ['text as it was written', [user('  padded \n')], '  padded \n'],
    [
      'text parts, joined',
      [user([{ type: 'text', text: 'Look:' }, { type: 'image_url' }, { type: 'text', text: 'what?' }])],
      'Look:\nwhat?',
    ],
    [
      'not tool results',
      [user('Ask'), { role: 'assistant', content: null }, { role: 'tool', content: 'Result' }],
      'Ask',
    ],
    ['not a turn of reminders alone', [user('Ask'), { role: 'assistant', content: 'A' }, user(reminder)], 'Ask'],
    ['not a turn of tool results in parts', [user('Ask'), user([{ type: 'tool_result', content: 'R' }])], 'Ask'],
    ['not an empty turn', [user('Ask'), user('  \n'), user(null)], 'Ask'],
    ['the ask beside a reminder', [user(`${reminder}\nFix the bug.`)], 'Fix the bug.'],
    [
      'the ask beside a reminder in parts',
      [
        user([
          { type: 'text', text: reminder },
          { type: 'text', text: 'Fix it.' },
        ]),
      ],
      'Fix it.',
    ],
    [
      'the instruction where nobody asked',
      [
        { role: 'system', content: 'Do X.' },
        { role: 'assistant', content: 'A' },
      ],
      'Do X.',
    ],
    ['reminders where there is nothing else', [user(reminder)], reminder],
    [
      'nothing',
      [
        { role: 'assistant', content: 'A' },
        { role: 'tool', content: 'R' },
      ],
      '',
    ],
  ])('is %s', (_name, messages, ask) => {
    expect(humanAsk(messages)).toBe(ask);
  });
});

describe('injected text', () => {
  test.each<[string, string]>([
    ['plain', 'plain'],
    ['if (a < b) return <div>x</div>;', 'if (a < b) return <div>x</div>;'],
    [`a ${reminder} b ${reminder} c`, 'a  b  c'],
    ['<environment_details>cwd</environment_details>Ask', 'Ask'],
    ['<user_instructions mode="x">be brief</user_instructions>\n\nAsk', 'Ask'],
    ['What does <system-reminder> mean?', 'What does <system-reminder> mean?'],
    ['<system-reminders>x</system-reminders>', '<system-reminders>x</system-reminders>'],
    ['</system-reminder> first <system-reminder>x</system-reminder>', '</system-reminder> first'],
  ])('%j -> %j', (text, expected) => {
    expect(withoutInjected(text)).toBe(expected);
  });

  test('text without any comes back to the character', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('</')),
        (text) => withoutInjected(text) === text,
      ),
    );
  });

  test('wherever a reminder stands, it goes and the rest stays', () => {
    const rest = fc.string().filter((text) => !text.includes('<'));
    fc.assert(
      fc.property(rest, rest, (before, after) => {
        expect(withoutInjected(before + reminder + after)).toBe((before + after).trim());
      }),
    );
  });

  test('a flood of openings does not cost its square', () => {
    // Searching the missing end once for each would read 200,000 x 3.4 MB.
    const flood = '<system-reminder>'.repeat(200_000);
    expect(withoutInjected(flood)).toBe(flood);
  });
});
