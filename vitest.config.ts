import { defineConfig } from 'vitest/config';

/** `unit` is what `npm run check` runs; `integration` starts real processes, sockets and files and runs in `npm test`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/property-seed.ts'],
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          setupFiles: ['test/property-seed.ts'],
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          pool: 'forks',
          maxWorkers: 2,
          // After the unit tests: their processes and clocks want the machine for themselves.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
