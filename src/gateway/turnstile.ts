/** Who comes, and who goes, when thousands do at once: so many a turn, so that who is here need not wait for all of them. */

export interface Turnstile {
  /** Runs it at once where nobody waits and this turn has room, else in its order. It must not throw. */
  enter(run: () => void): void
  waiting(): number
  /** Lets all in that wait, and from now on everybody at once. */
  open(): void
}

interface Pace {
  /** So many run between two looks at the sockets. */
  readonly perTurn: number
  /** After the I/O of this turn. */
  readonly soon: (run: () => void) => void
}

export function createTurnstile({ perTurn, soon }: Pace): Turnstile {
  const queue: (() => void)[] = []
  let next = 0
  let room = perTurn
  let isScheduled = false

  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    soon(() => {
      isScheduled = false
      room = Math.max(room, perTurn)
      letIn()
      if (room < perTurn) schedule()
    })
  }

  const letIn = (): void => {
    while (room > 0) {
      const run = queue[next]
      if (run === undefined) break
      next += 1
      room -= 1
      run()
    }
    // Not at each one: to move what waits costs as much as there is of it.
    if (next < queue.length / 2) return
    queue.splice(0, next)
    next = 0
  }

  return {
    enter(run) {
      queue.push(run)
      if (next === queue.length - 1) letIn()
      // The next turn has room again.
      schedule()
    },
    waiting: () => queue.length - next,
    open() {
      room = Number.POSITIVE_INFINITY
      letIn()
    },
  }
}
