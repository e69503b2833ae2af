/** Readers take turns: however many there are, sockets are served between the slices of two of them (H8). */

/** Resolves when it is the caller's turn. */
export type TakeTurn = () => Promise<void>

/** One turn a round of the event loop, in the order asked. */
export function createTurns(): TakeTurn {
  const waiting: (() => void)[] = []
  let isTurning = false

  const turn = (): void => {
    waiting.shift()?.()
    isTurning = waiting.length > 0
    if (isTurning) setImmediate(turn)
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (isTurning) return
      isTurning = true
      setImmediate(turn)
    })
}
