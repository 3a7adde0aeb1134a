import { Type } from 'typebox';

/** The small forms that the YAML's schema is made of. */
export const closed = { additionalProperties: false } as const;

export const oneOf = <const Values extends string[]>(values: readonly [...Values], description: string) =>
  Type.Enum([...values], { description });

export const text = (description: string, extra: object = {}) => Type.String({ minLength: 1, description, ...extra });
export const dollars = (description: string) => Type.Number({ minimum: 0, description });
export const milliseconds = (description: string, value: number) =>
  Type.Integer({ minimum: 1, description: `${description}, in milliseconds.`, default: value });
