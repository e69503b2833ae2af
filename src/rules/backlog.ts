/** Questions that wait for the rules: bounded. What does not fit is not asked; it is counted, and said in the log. */
import type { RulesLog } from './log.ts'

export interface Backlog<T> {
  /** False = it is full, and the item is dropped. */
  readonly add: (item: T) => boolean
  readonly next: () => T | undefined
  readonly waiting: () => number
  readonly dropped: () => number
}

/** A queue of at most `most` items. The log hears of drops when they begin and when the queue is empty again. */
export function createBacklog<T>(most: number, log: RulesLog): Backlog<T> {
  const items: T[] = []
  let dropped = 0
  let droppedNow = 0
  return {
    add: (item) => {
      if (items.length < most) {
        items.push(item)
        return true
      }
      dropped += 1
      droppedNow += 1
      if (droppedNow === 1)
        log.warn({ waiting: most }, 'rules are asked too much: what does not fit is not asked')
      return false
    },
    next: () => {
      const item = items.shift()
      if (items.length === 0 && droppedNow > 0) {
        log.warn({ dropped: droppedNow }, 'rules were not asked so many times; they keep up again')
        droppedNow = 0
      }
      return item
    },
    waiting: () => items.length,
    dropped: () => dropped,
  }
}
