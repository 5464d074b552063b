/** The state port without a disk: for one-shot commands that keep nothing, such as `classify` and `doctor`. */
import type { State, StateTable } from './state.ts';

export function createMemoryState(): State {
  const tables = new Map<string, Map<string, unknown>>();
  return {
    table<Value>(name: string): StateTable<Value> {
      const rows = (tables.get(name) ?? new Map<string, unknown>()) as Map<string, Value>;
      tables.set(name, rows);
      return {
        get: (key) => rows.get(key),
        has: (key) => rows.has(key),
        *entries({ from = '', to, limit = Infinity } = {}) {
          const keys = [...rows.keys()].filter((key) => key >= from && (to === undefined || key < to)).sort();
          for (const key of keys.slice(0, limit)) yield { key, value: rows.get(key) as Value };
        },
        count: () => rows.size,
        put: async (key, value) => void rows.set(key, value),
        remove: async (key) => void rows.delete(key),
      };
    },
    tables: () => [...tables.keys()],
    transaction: async (work) => work(),
    close: async () => undefined,
  };
}
