import { fitsSchema, jsonIn } from '../math/json-schema.ts';
import { isRecord } from '../wire/record.ts';

/** Whether the JSON that the request asked for came; null where it asked for none, or for a schema that cannot be used. */
export function requestedJson(body: Readonly<Record<string, unknown>>, answer: string): boolean | null {
  const format = body['response_format'];
  if (!isRecord(format)) return null;
  const { type } = format;
  if (type !== 'json_object' && type !== 'json_schema') return null;
  const value = jsonIn(answer);
  if (value === undefined) return false;
  if (type === 'json_object') return typeof value === 'object' && value !== null;
  return isRecord(format.json_schema) ? fitsSchema(format.json_schema.schema, value) : null;
}
