/** Where the stream that is there differs from the one that was asked for (B3): servers drop what they do not know. */

/**
 * One sentence for each setting of `asked` that `found` has otherwise. Settings that were not asked for do not count;
 * the order within a list does not either.
 */
export function differencesOf(asked: object, found: object): readonly string[] {
  const values = new Map<string, unknown>(Object.entries(found))
  return Object.entries(asked)
    .map(([setting, value]) => ({ setting, wanted: written(value), has: written(values.get(setting)) }))
    .filter(({ wanted, has }) => wanted !== has)
    .map(({ setting, wanted, has }) => `${setting} was asked to be ${wanted} and is ${has}`)
}

function written(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value) ?? 'not set'
}
