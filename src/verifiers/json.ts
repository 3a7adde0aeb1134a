import { Type } from 'typebox';
import { defineVerifier } from '../core/verifier.ts';
import { fitsSchema, jsonIn } from '../math/json-schema.ts';

const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/;

/** Is the answer JSON, and of the right shape? */
export default defineVerifier({
  summary: 'Right where the answer is JSON and fits the schema.',
  options: Type.Object({
    schema: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'A JSON Schema that the answer has to fit; `pattern` and `format` are not looked at. Default: any JSON.',
      }),
    ),
    fences: Type.Boolean({ default: true, description: 'JSON inside one ```json block counts too.' }),
  }),
  create({ schema, fences }) {
    return (_query, answer) => {
      const value = jsonIn((fences ? fenced.exec(answer)?.[1] : undefined) ?? answer);
      const right = value !== undefined && (schema === undefined || fitsSchema(schema, value) === true);
      return Promise.resolve({ score: right ? 1 : 0, confidence: 1 });
    };
  },
});
