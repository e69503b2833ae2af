/** Writes down how far publishing has come, and where: now and then, not once a message. After a crash the stream is asked. */
import type { Store } from '../store/contract.ts'
import type { SentRow } from '../store/rows.ts'
import type { Timing } from '../visitors/timing.ts'
import type { Lanes } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'

export interface Saver {
  /** One more change is done with; `sent` says where it is, and is null where nothing need be remembered of it. */
  readonly settled: (sent: SentRow | null) => void
  /** Writes what there is; false where the disk would not have it. */
  readonly flush: () => Promise<boolean>
  /** Writes what is left. */
  readonly close: () => Promise<void>
}

const SAVE_EVERY_MS = 200
const SAVE_EVERY_SETTLED = 500

export interface SaverParts {
  readonly store: Pick<Store, 'saveRelay'>
  readonly lanes: Pick<Lanes, 'unsaved' | 'saved'>
  readonly timing: Timing
  readonly log: BusLog
}

export function createSaver({ store, lanes, timing, log }: SaverParts): Saver {
  let settled = 0
  let sent: SentRow[] = []
  let callOff: (() => void) | null = null
  let saving: Promise<void> | null = null
  let hasComplained = false
  let isClosed = false

  function saveSoon(): void {
    if (!isClosed) callOff ??= timing.after(SAVE_EVERY_MS, save)
  }

  function save(): void {
    callOff?.()
    callOff = null
    if (saving !== null || isClosed) return
    settled = 0
    saving = write().finally(() => {
      saving = null
      if (settled > 0) saveSoon()
    })
  }

  async function write(): Promise<void> {
    const progress = lanes.unsaved()
    if (progress === null) return
    const written = sent
    sent = []
    try {
      await store.saveRelay(progress.mark, progress.places, written)
      lanes.saved(progress)
      hasComplained = false
    } catch (error) {
      sent = [...written, ...sent]
      if (!hasComplained)
        log.warn({ reason: reasonOf(error) }, 'how far NATS has come cannot be written down')
      hasComplained = true
      settled++
    }
  }

  async function flush(): Promise<boolean> {
    await saving
    saving = write().finally(() => {
      saving = null
    })
    await saving
    return sent.length === 0
  }

  return {
    settled(row) {
      settled++
      if (row !== null) sent.push(row)
      if (settled >= SAVE_EVERY_SETTLED) save()
      else saveSoon()
    },
    flush,
    async close() {
      isClosed = true
      callOff?.()
      await flush()
    },
  }
}
