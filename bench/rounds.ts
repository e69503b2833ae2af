/** Rounds: contenders take turns, so that what else the machine does meets all of them; then medians. */
export type Rounds<Name extends string, T> = Readonly<Record<Name, readonly T[]>>

/** What a measure showed, or why it showed nothing. */
export type Attempt<T> =
  | { readonly is: 'measured'; readonly value: T }
  | { readonly is: 'failed'; readonly cause: Error }

/** Never rejects: what fails in one place is told there, and keeps nothing else from being measured. */
export async function attempt<T>(measure: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { is: 'measured', value: await measure() }
  } catch (cause) {
    return { is: 'failed', cause: cause instanceof Error ? cause : new Error(String(cause)) }
  }
}

/** Those that showed something. */
export function measuredOf<T>(attempts: readonly Attempt<T>[]): readonly T[] {
  return attempts.flatMap((one) => (one.is === 'measured' ? [one.value] : []))
}

/** What a table says of those that showed nothing: how many, and why the first did; '' = all showed something. */
export function failuresOf(attempts: readonly Attempt<unknown>[]): string {
  const causes = attempts.flatMap((one) => (one.is === 'failed' ? [one.cause] : []))
  const [first] = causes
  if (first === undefined) return ''
  return `${causes.length} of ${attempts.length} failed: ${first.message.split('\n')[0]}`
}

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
