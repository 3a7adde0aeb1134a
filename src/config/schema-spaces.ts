import { Type } from 'typebox';
import { closed, oneOf, text } from './schema-forms.ts';

/** `routes.NAME.spaces:` of the YAML: who chooses between vector spaces. */
export const spacesField = Type.Optional(
  Type.Object(
    {
      rule: oneOf(
        ['nearest-centroid'],
        'The space whose examples are most alike to the text: the mean cosine over its domains.',
      ),
      examples: Type.Record(
        text('A vector space.'),
        Type.Record(
          text('A domain that this space is good at.'),
          Type.Union([
            text('A file of one text a line, relative to this file.'),
            Type.Array(text('A text.'), { minItems: 1 }),
          ]),
          { description: 'Texts of each domain; one centroid is made of them.' },
        ),
        { description: 'By space: what is to be embedded there.' },
      ),
    },
    {
      ...closed,
      description:
        'For embeddings over models of several spaces: the text chooses one. Default: such a route is refused.',
    },
  ),
);
