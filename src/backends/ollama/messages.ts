import { isRecord, parseJson } from '../json.ts';

type Json = Readonly<Record<string, unknown>>;

/** Thrown where a request has something that Ollama's messages cannot hold: the message says what. */
export class NotCarried extends Error {}

/** OpenAI's messages as Ollama's `/api/chat` takes them. Throws NotCarried. */
export function ollamaMessages(messages: unknown): readonly Json[] {
  /** Results name the call they answer; Ollama wants the tool's name. */
  const toolNames = new Map<string, string>();
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  return list.filter(isRecord).map((message) => {
    const { role, content, images } = { role: roleOf(message), ...partsOf(message['content']) };
    const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isRecord) : [];
    const thinking = message['reasoning_content'] ?? message['reasoning'];
    const toolName = toolNames.get(String(message['tool_call_id'])) ?? message['name'];
    return {
      role,
      content,
      ...(images.length > 0 ? { images } : {}),
      ...(typeof thinking === 'string' && thinking !== '' ? { thinking } : {}),
      ...(calls.length > 0 ? { tool_calls: calls.map((call) => toolCall(call, toolNames)) } : {}),
      ...(role === 'tool' && typeof toolName === 'string' ? { tool_name: toolName } : {}),
    };
  });
}

const roles: Readonly<Record<string, string>> = { developer: 'system', function: 'tool' };

function roleOf({ role }: Json): string {
  return typeof role === 'string' ? (roles[role] ?? role) : 'user';
}

function partsOf(content: unknown): { readonly content: string; readonly images: readonly string[] } {
  if (typeof content === 'string') return { content, images: [] };
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of Array.isArray(content) ? content : []) {
    if (!isRecord(part)) continue;
    const { type, text } = part;
    if (type === 'image_url') images.push(imageOf(part['image_url']));
    else if (typeof text === 'string') texts.push(text);
    else throw new NotCarried(`a message part of type ${typeof type === 'string' ? type.slice(0, 40) : 'unknown'}`);
  }
  return { content: texts.join('\n'), images };
}

/** Base64 without the head of its data URL. Ollama fetches nothing, and neither do we. */
function imageOf(image: unknown): string {
  const url = isRecord(image) ? image['url'] : image;
  const data = typeof url === 'string' ? /^data:[^,]*;base64,/.exec(url) : null;
  if (typeof url !== 'string' || data === null) throw new NotCarried('an image that is no base64 data URL');
  return url.slice(data[0].length);
}

/** Ollama's arguments are an object, OpenAI's the text of one. */
function toolCall(call: Json, toolNames: Map<string, string>): Json {
  const { id } = call;
  const told = isRecord(call['function']) ? call['function'] : {};
  const { name, arguments: text } = told;
  if (typeof id === 'string' && typeof name === 'string') toolNames.set(id, name);
  const parsed = typeof text === 'string' ? parseJson(text === '' ? '{}' : text) : text;
  return { ...(typeof id === 'string' ? { id } : {}), function: { name, arguments: isRecord(parsed) ? parsed : {} } };
}
