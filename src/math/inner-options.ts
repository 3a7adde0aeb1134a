import { Type } from 'typebox';
import type { PolicyReference } from '../core/policy.ts';

/** A policy named in the options of another one: its name, or a map of `type` and its own options. */
export const policyReference = (description: string) =>
  Type.Unsafe<PolicyReference>(
    Type.Union(
      [
        Type.String({ minLength: 1 }),
        Type.Object({ type: Type.String({ minLength: 1 }) }, { additionalProperties: true }),
      ],
      { description },
    ),
  );
