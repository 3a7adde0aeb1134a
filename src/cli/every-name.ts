import { replayablePolicies } from '../replay/all-policies.ts';
import { loadCatalogue } from '../routing/catalogue.ts';

/** `-e all`: every estimator that knows both quality and cost. */
export async function everyEstimator(names: readonly string[] | undefined): Promise<readonly string[] | undefined> {
  if (names?.includes('all') !== true) return names;
  const { estimators } = await loadCatalogue();
  return [...estimators].flatMap(([name, { quantities }]) =>
    quantities.includes('quality') && quantities.includes('cost') ? [name] : [],
  );
}

/** `--policy all`: every policy that a data set is enough for, and whoever else was named. The rest is told. */
export async function everyPolicy(names: readonly string[] | undefined): Promise<readonly string[] | undefined> {
  if (names?.includes('all') !== true) return names;
  const { policies } = await loadCatalogue();
  const { names: found, leftOut } = replayablePolicies(policies);
  const rest = [...leftOut].map(([name, why]) => `${name} (${why})`);
  process.stderr.write(`all: ${found.length} policies; not ${rest.join('; ')}\n`);
  return [...new Set([...found, ...names.filter((name) => name !== 'all')])];
}
