import { textOf } from '../wire/human-ask.ts';
import { isRecord } from '../wire/record.ts';

/** The texts of a request as a judge is shown them, in order, each under its role. */
export function conversationText({ messages }: Readonly<Record<string, unknown>>): string {
  if (!Array.isArray(messages)) return '';
  return messages
    .flatMap((message) => (isRecord(message) ? [`[${String(message.role)}]\n${textOf(message.content)}`] : []))
    .join('\n\n');
}
