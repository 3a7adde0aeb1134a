import type { PreparedRows } from '../../src/math/prepared-rows.ts';

/** Twelve inputs of three numbers; golden values elsewhere were computed on the same ones with numpy and scikit-learn. */
export function smallRows(columns: readonly ((row: number) => number)[]): PreparedRows {
  const count = 12;
  const inputs = Float32Array.from({ length: count * 3 }, (_, i) => {
    const row = Math.floor(i / 3);
    return [Math.sin(row + 1), Math.cos(2 * row), Math.sin(3 * row + 1)][i % 3] ?? 0;
  });
  const targets = Float64Array.from({ length: count * columns.length }, (_, cell) =>
    (columns[cell % columns.length] ?? (() => NaN))(Math.floor(cell / columns.length)),
  );
  return { count, models: columns.length, width: 3, inputs, targets };
}
