import { expect, it } from 'vitest';
import { runClientCuts } from '../helpers/client-cuts.ts';

it('a stream that is cut is an error to every client, wherever it was cut; `npm run clients:cuts` takes 1,000 each', async () => {
  const counts = await runClientCuts(20, 'cuts');
  expect(counts.length).toBe(4);
  expect(counts.filter(({ cuts, errors, garbled }) => errors !== cuts || garbled > 0)).toEqual([]);
});
