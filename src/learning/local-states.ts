import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { unpackHead, unpackState, type PackedState } from '../queue/learned-state.ts';
import type { BoardState } from '../queue/state-board.ts';

/** States of an owner as files, the last two of each learner: for the case that those in Redis are damaged. */
export interface LocalStates {
  save(learner: string, n: number, packed: PackedState): void;
  /** The newest that is whole; of each that is not, `onTrouble` hears. */
  load(learner: string, onTrouble: (message: string) => void): BoardState | null;
}

const kept = 2;
const digits = 16;

/** The head, a line break, the state. The file appears whole or not at all. */
export function createLocalStates(folder: string): LocalStates {
  const filesOf = (learner: string): readonly string[] => {
    const prefix = `${encodeURIComponent(learner)}@`;
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && name.endsWith('.state'))
      .sort()
      .reverse();
  };
  mkdirSync(folder, { recursive: true });
  return {
    save(learner, n, { head, bytes }) {
      const file = join(folder, `${encodeURIComponent(learner)}@${String(n).padStart(digits, '0')}.state`);
      writeFileSync(`${file}.new`, Buffer.concat([head, Buffer.from('\n'), bytes]));
      renameSync(`${file}.new`, file);
      for (const old of filesOf(learner).slice(kept)) rmSync(join(folder, old), { force: true });
    },
    load(learner, onTrouble) {
      for (const name of filesOf(learner)) {
        try {
          const all = readFileSync(join(folder, name));
          const end = all.indexOf('\n');
          const head = unpackHead(all.subarray(0, Math.max(0, end)));
          return { head, state: unpackState(head, all.subarray(end + 1)) };
        } catch (error) {
          onTrouble(`${join(folder, name)} is not used: ${messageOf(error)}`);
        }
      }
      return null;
    },
  };
}
