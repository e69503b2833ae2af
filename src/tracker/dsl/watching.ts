/** Watches the page for what is declared, and tells it as events. */
import type { DeclaredEvent, EventOptions } from '../interface.ts'
import { isPage, readValues } from './matching.ts'

export interface Watch {
  /** Watches for these too, from now on. */
  add(declared: readonly DeclaredEvent[]): void
  /** On another page of a single-page site all counts begin anew. */
  turn(pageID: string): void
}

export interface WatchOptions {
  readonly tell: (name: string, options: EventOptions) => void
  /** Before anything counts: `turn` is told which page this is. */
  readonly look: () => void
  readonly report: (problem: unknown) => void
}

interface Watched {
  readonly declared: DeclaredEvent
  /** How often it happened on this page. */
  count: number
  /** How long this page has been there for it. */
  elapsedMs: number
  isDone: boolean
}

/** How often timers are looked after. */
const TICK_MS = 1_000

export function makeWatch({ tell, look, report }: WatchOptions): Watch {
  const watched: Watched[] = []
  const heard = new Set<string>()
  let page = ''
  let timer: ReturnType<typeof setInterval> | undefined
  let tickedAt = 0

  /** One declaration that cannot be followed takes nothing from the others, or from the page (T6). */
  function safely(work: () => void): void {
    try {
      work()
    } catch (problem) {
      report(problem)
    }
  }

  function happened(one: Watched, found: Element | null): void {
    const { name, count = 1, once, after, category } = one.declared
    one.count += 1
    if (one.count % count !== 0) return
    one.isDone = Boolean(once || after)
    tell(name, { data: readValues(one.declared, found), ...(category && { category }) })
  }

  const counts = ({ declared: { url, focus }, isDone }: Watched): boolean =>
    !isDone && isPage(url, location) && (!focus || document.hasFocus())

  function onEvent({ type, target }: Event): void {
    look()
    for (const one of watched) {
      const { on, selector = '*' } = one.declared
      if (on !== type) continue
      safely(() => {
        const found = target instanceof Element ? target.closest(selector) : null
        if ((found || selector === '*') && counts(one)) happened(one, found)
      })
    }
  }

  function tick(): void {
    const passedMs = performance.now() - tickedAt
    tickedAt += passedMs
    look()
    for (const one of watched) {
      const { after } = one.declared
      safely(() => {
        if (!after || !counts(one)) return
        one.elapsedMs += passedMs
        if (one.elapsedMs >= after * 1_000) happened(one, null)
      })
    }
  }

  /** One timer for all, and none where nothing waits for it. */
  function startTimer(): void {
    if (timer) return
    tickedAt = performance.now()
    timer = setInterval(() => safely(tick), TICK_MS)
  }

  return {
    add(declared) {
      for (const one of declared) {
        watched.push({ declared: one, count: 0, elapsedMs: 0, isDone: false })
        if (one.after) startTimer()
        if (!one.on || heard.has(one.on)) continue
        heard.add(one.on)
        // Captured: what the page stops on its way has happened all the same.
        addEventListener(one.on, onEvent, { capture: true, passive: true })
      }
    },
    turn(pageID) {
      if (pageID === page) return
      page = pageID
      for (const one of watched) Object.assign(one, { count: 0, elapsedMs: 0, isDone: false })
    },
  }
}
