/** No error of the tracker reaches the page (T6). */

export type Guard = <A extends readonly unknown[]>(work: (...args: A) => void) => (...args: A) => void

/** Makes the wrapper that all work begun by the browser or the page runs in. */
export const makeGuard =
  (report: (problem: unknown) => void): Guard =>
  (work) =>
  (...args) => {
    try {
      work(...args)
    } catch (problem) {
      report(problem)
    }
  }
