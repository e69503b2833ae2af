/** Writes down how far publishing has come: now and then, not once a message. After a crash the stream is asked. */
import type { Store } from '../store/contract.ts'
import type { Lanes } from './lanes.ts'
import { type BusLog, reasonOf } from './log.ts'

export interface Saver {
  /** One more change is published. */
  readonly settled: () => void
  /** Writes what is left. */
  readonly close: () => Promise<void>
}

const SAVE_EVERY_MS = 200
const SAVE_EVERY_SETTLED = 500

export function createSaver(
  store: Pick<Store, 'saveRelay'>,
  lanes: Pick<Lanes, 'unsaved' | 'saved'>,
  log: BusLog,
): Saver {
  let settled = 0
  let timer: NodeJS.Timeout | undefined
  let saving: Promise<void> | null = null
  let hasComplained = false
  let isClosed = false

  function saveSoon(): void {
    if (!isClosed) timer ??= setTimeout(save, SAVE_EVERY_MS)
  }

  function save(): void {
    clearTimeout(timer)
    timer = undefined
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
    try {
      await store.saveRelay(progress.mark, progress.places)
      lanes.saved(progress)
      hasComplained = false
    } catch (error) {
      if (!hasComplained)
        log.warn({ reason: reasonOf(error) }, 'how far NATS has come cannot be written down')
      hasComplained = true
      settled++
    }
  }

  return {
    settled() {
      settled++
      if (settled >= SAVE_EVERY_SETTLED) save()
      else saveSoon()
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await saving
      await write()
    },
  }
}
