/** 60 queries x 4 models by a formula that any language repeats to the bit; the dearer a model, the better. */
export const formulaWorld = (() => {
  const [queries, models] = [60, 4];
  const cells = Array.from(
    { length: queries * models },
    (_, cell) => [Math.floor(cell / models), cell % models] as const,
  );
  return {
    queries,
    models,
    quality: Float64Array.from(cells, ([i, j]) => ((i * 7 + j * 3) % 10 < 3 + 2 * j ? 1 : 0)),
    costUsd: Float64Array.from(cells, ([i, j]) => 0.001 * (j + 1) ** 2 * (1 + ((i * 5 + j) % 7) / 10)),
  };
})();
