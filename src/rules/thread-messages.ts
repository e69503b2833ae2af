/** What the rules' thread and the server say to each other. */
import type { SaidAnswer } from './answer.ts'
import type { Given, RuleHead } from './contract.ts'

/** What the thread is started with. */
export interface ThreadData {
  /** As the configuration names them. */
  readonly items: readonly string[]
  /** Shared with the server, so that it sees which ask is being worked on while the thread cannot answer. */
  readonly progress: Progress
}

/** The number of the ask that was begun last, and of the one that was ended last; when that one was begun, in ns. */
export interface Progress {
  readonly asks: Int32Array
  readonly begunAt: BigInt64Array
}

export const BEGUN = 0
export const ENDED = 1

export interface Ask {
  readonly id: number
  readonly rule: string
  readonly given: Given
}

export type ThreadMessage =
  | { readonly is: 'ready'; readonly heads: readonly ThreadHead[] }
  | { readonly is: 'refused'; readonly message: string }
  | {
      readonly is: 'returned'
      readonly id: number
      readonly tookMs: number
      /** Null = nothing to say. */
      readonly said: SaidAnswer | null
    }
  | { readonly is: 'threw'; readonly id: number; readonly why: string }

/** A rule of the thread, and where it comes from. */
export interface ThreadHead extends RuleHead {
  readonly from: string
}
