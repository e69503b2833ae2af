/** Rounds: contenders take turns, so that what else the machine does meets all of them; then medians. */
export type Rounds<Name extends string, T> = Readonly<Record<Name, readonly T[]>>

/** What each contender, known by its name, showed round by round. */
export async function alternate<Name extends string, T>(
  contenders: readonly Name[],
  rounds: number,
  measure: (contender: Name) => Promise<T>,
): Promise<Rounds<Name, T>> {
  const results: { [N in Name]?: T[] } = {}
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const shown = await measure(contender)
      results[contender] = [...(results[contender] ?? []), shown]
    }
  }
  // The boundary where every contender has had its turn.
  return results as Rounds<Name, T>
}

export function median<T>(results: readonly T[], of: (one: T) => number): number {
  const sorted = results.map(of).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
