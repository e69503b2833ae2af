/** Erasures, one after another: begun by hiding, gone on with after a crash or a failure, ended by a receipt (Q12). */
import type { Draft } from '../store/contract.ts'
import type { ErasedKind, ErasureRow, ErasureSubject } from '../store/erased.ts'
import { type HiddenPerson, hiddenBy } from '../visitors/hiding.ts'
import { SYSTEM_TIMING, type Timing } from '../visitors/timing.ts'
import type { ErasureParts, Erasures } from './contract.ts'
import { eraseDevice, surveyDevice } from './device.ts'
import { type Doing, erasePerson, hidePerson, personNumber, surveyPerson, unlinkedPerson } from './person.ts'
import { type Step, sum } from './steps.ts'

const RETRY_MS = 5_000

/** What no erasure reaches: the receipt says so. */
export const UNREACHED: readonly string[] = [
  'backups and exports that were made before',
  'what readers of the History API, of /live and of NATS have kept',
]

/** Goes on with the erasures that a stop left, and takes new ones. Before anything reaches a visitor. */
export function startErasures(parts: ErasureParts): Erasures {
  const { store, visitors, log, retryMs = RETRY_MS, timing = SYSTEM_TIMING } = parts
  const waiting = unfinished(store)
  const whenIdle: (() => void)[] = []
  const lastTold = new Map<string, number>()
  const closing = new AbortController()
  let working: Promise<void> | null = null
  let beginning = 0
  let isGoingOn = false

  const rememberPerson = (erasure: ErasureRow): void => {
    const person = hiddenBy(erasure)
    if (person !== null) visitors.forgetting.set(person.identityId, person)
  }

  /** The same at each try: while others go on there is always one more change on its way. */
  const lastToldOf = ({ id }: ErasureRow): number => {
    const position = lastTold.get(id) ?? store.changes({ limit: 1, reverse: true })[0]?.position ?? 0
    lastTold.set(id, position)
    return position
  }

  const work = async (): Promise<void> => {
    for (let job = waiting[0]; job !== undefined && !closing.signal.aborted; job = waiting[0]) {
      try {
        isGoingOn = true
        // What others took before is on disk behind this.
        await visitors.changeRows(() => {})
        await goOn(parts, { id: job.id, lastTold: lastToldOf(job) }, closing.signal)
        waiting.shift()
        lastTold.delete(job.id)
      } catch (cause) {
        isGoingOn = false
        if (closing.signal.aborted) break
        log.warn({ err: cause, erasure: job.id }, 'an erasure cannot go on; it is tried again')
        await delay(timing, retryMs, closing.signal)
      }
    }
    working = null
    isGoingOn = false
    if (waiting.length === 0) for (const tell of whenIdle.splice(0)) tell()
  }

  const wake = (): void => {
    working ??= work()
  }

  /** False where another erasure was first. */
  const hide = async (erasure: ErasureRow, subject: ErasureSubject): Promise<boolean> => {
    let isHidden = false
    let before: HiddenPerson | undefined
    const apply = (draft: Draft, at: number): void => {
      const { name, number } = subject
      const person = draft.identity(number) ?? unlinkedPerson(draft, subject)
      if (person === null) return
      isHidden = true
      before = visitors.forgetting.get(name)
      const begun = { ...erasure, begunAt: at, subject: { ...subject, number: person.identity } }
      hidePerson(draft, person, begun)
      rememberPerson(begun)
    }
    // Whoever comes next must not be told of what was not kept.
    const lost = (): void => {
      const { name } = subject
      if (!isHidden) return
      if (before === undefined) visitors.forgetting.delete(name)
      else visitors.forgetting.set(name, before)
    }
    await visitors.changeRows(apply, lost)
    return isHidden
  }

  const begin = async (kind: ErasedKind, name: string): Promise<ErasureRow | null> => {
    beginning += 1
    try {
      return await hideAndQueue(kind, name)
    } finally {
      beginning -= 1
    }
  }

  const hideAndQueue = async (kind: ErasedKind, name: string): Promise<ErasureRow | null> => {
    const subject = subjectOf(parts, kind, name)
    if (subject === null) return null
    const erasure = newErasure(parts, kind, subject)
    try {
      if (kind === 'person' && !(await hide(erasure, subject))) return null
      // Kept by what hides it: one that was hidden and forgotten would never be erased.
      if (kind === 'device') await visitors.inTurn(name, (visitor) => visitor.erase(erasure))
    } catch (cause) {
      // What failed when it was flushed is on disk with the next write that succeeds.
      void store.recovered().then(() => {
        const begun = takeUp(erasure.id)
        if (begun !== null) rememberPerson(begun)
      })
      throw cause
    }
    return takeUp(erasure.id)
  }

  /** Null where it is not on disk. */
  const takeUp = (id: string): ErasureRow | null => {
    const erasure = store.erasure(id)
    if (erasure === null) return null
    waiting.push(erasure)
    wake()
    return erasure
  }

  for (const job of waiting) rememberPerson(job)
  if (waiting.length > 0) wake()

  return {
    begin,
    survey: async (kind, name) => {
      const subject = subjectOf(parts, kind, name)
      if (subject === null) return null
      return kind === 'person' ? surveyPerson(parts, subject) : surveyDevice(parts, subject)
    },
    isAtWork: () => beginning > 0 || isGoingOn,
    idle: () => new Promise((resolve) => (waiting.length === 0 ? resolve() : whenIdle.push(resolve))),
    close: async () => {
      closing.abort()
      await working
    },
  }
}

/** In the order in which they began: of two of one name the later one's is the one to remember. */
function unfinished(store: ErasureParts['store']): ErasureRow[] {
  const place = ({ subject }: ErasureRow): number => subject?.position ?? 0
  const rows = store.erasures().filter(({ finishedAt }) => finishedAt === 0)
  return rows.sort((one, other) => place(one) - place(other))
}

function newErasure({ newId, now }: ErasureParts, kind: ErasedKind, subject: ErasureSubject): ErasureRow {
  return { id: newId(), kind, begunAt: now(), finishedAt: 0, subject, counts: {}, unreached: UNREACHED }
}

/** Whom a name means; null = nobody. */
function subjectOf({ store, newId }: ErasureParts, kind: ErasedKind, name: string): ErasureSubject | null {
  const number = kind === 'person' ? personNumber(store, name) : store.visitorNumber(name)
  if (number === 0 || (kind === 'device' && store.visitor(number) === null)) return null
  const pseudonym = kind === 'person' ? newId() : ''
  return { name, number, pseudonym, position: store.lastPosition() }
}

/** Does what is left of it. Rejects where a step cannot be kept now, and where it is stopped. */
async function goOn(
  parts: ErasureParts,
  { id, lastTold }: { readonly id: string; readonly lastTold: number },
  signal: AbortSignal,
): Promise<void> {
  const { store, visitors, log, now, timing = SYSTEM_TIMING } = parts
  let row = store.erasure(id)
  if (row === null || row.subject === null) return
  const { kind, subject } = row

  const does = async ({ erase, change, counts }: Step): Promise<void> => {
    signal.throwIfAborted()
    if (row === null) return
    // It has only looked: others work, and nothing is written.
    if (erase === undefined && change === undefined) return new Promise((resolve) => timing.soon(resolve))
    const next: ErasureRow = { ...row, counts: sum(row.counts, counts) }
    if (change === undefined) await store.erase({ ...erase, erasure: next })
    else {
      await visitors.changeRows((draft) => {
        change(draft)
        draft.putErasure(next)
      })
    }
    row = next
  }

  const doing: Doing = { parts, subject, lastTold, does }
  await (kind === 'person' ? erasePerson(doing) : eraseDevice(doing))
  await store.erase({ erasure: { ...row, finishedAt: now(), subject: null } })
  // Who was erased again meanwhile is remembered by that.
  const remembered = visitors.forgetting.get(subject.name)
  if (remembered?.pseudonym === subject.pseudonym) visitors.forgetting.delete(subject.name)
  log.info({ erasure: id, kind, counts: row.counts }, 'an erasure is done')
}

/** Until the time is over, or it is stopped. */
function delay(timing: Timing, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const callOff = timing.after(ms, resolve)
    signal.addEventListener('abort', () => {
      callOff()
      resolve()
    })
  })
}
