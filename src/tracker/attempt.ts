/** Tries what the browser may forbid. */

/** What `work` answers, or undefined where it throws: the caller reads the answer and goes on without. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
