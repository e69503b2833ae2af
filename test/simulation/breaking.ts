/** How what the server is given is broken: a store, drafts, a disk, sockets, the machine's own guards. */
import { visitorMachine } from '../../machines/visitor.ts'
import type { Connection } from '../../src/gateway/connection.ts'
import type { Desk } from '../../src/gateway/desk.ts'
import type { Draft, Store } from '../../src/store/contract.ts'
import type { ErasedKind, EraseStep } from '../../src/store/erased.ts'
import type { Visitors } from '../../src/visitors/contract.ts'
import type { VisitorView } from '../../src/visitors/views.ts'
import type { OpenVisitors } from '../../src/visitors/visitors.ts'
import type { MemoryDisk } from '../contract/memory-disk.ts'
import type { Broken } from './house.ts'

/** Does something to every draft; the store knows its drafts again. */
export function drafting(change: (draft: Draft, store: Store) => void): (store: Store) => Store {
  return (store) => ({
    ...store,
    createDraft(behind) {
      const draft = store.createDraft(behind)
      change(draft, store)
      return draft
    },
  })
}

export async function hurry(slow: Promise<void>): Promise<void> {
  slow.catch(() => {})
}

/** What cannot be kept is called kept, once it was tried. */
export async function believes(commit: Promise<void>): Promise<void> {
  try {
    await commit
  } catch (cause) {
    if (!(cause instanceof Error && String(Object(cause.cause).message).includes('a flush failed')))
      throw cause
  }
}

export function keepsHalves(disk: MemoryDisk): MemoryDisk {
  return {
    ...disk,
    transact(change) {
      let failure: unknown = null
      disk.transact((puts) => {
        try {
          change(puts)
        } catch (cause) {
          failure = cause
        }
      })
      if (failure !== null) throw failure
    },
  }
}

export function forgetsVisits(draft: Draft): void {
  const { name } = draft
  Object.assign(draft, {
    name: (...[kind, named]: Parameters<Draft['name']>) => (kind === 'visit' ? null : name(kind, named)),
  })
}

export function keepsOldSnapshots(draft: Draft): void {
  const { putVisitor } = draft
  Object.assign(draft, {
    putVisitor: (...[row, entries, previousSeq]: Parameters<Draft['putVisitor']>) => {
      const before = draft.visitor(row.number)
      putVisitor({ ...row, snapshot: before?.snapshot ?? row.snapshot }, entries, previousSeq)
    },
  })
}

type Send = Desk['outbox']['send']

export function swapsAcks(desk: Desk): void {
  const { send } = desk.outbox
  const held = new Map<Connection, Parameters<Send>[1]>()
  const swapped: Send = (connection, message) => {
    if (message.type !== 'ack') return send(connection, message)
    const first = held.get(connection)
    if (first === undefined && connection.batches.length > 0) return void held.set(connection, message)
    held.delete(connection)
    send(connection, message)
    if (first !== undefined) send(connection, first)
  }
  Object.assign(desk.outbox, { send: swapped })
}

export function namesNoVisit(desk: Desk): void {
  const { send } = desk.outbox
  const silent: Send = (connection, message) =>
    send(
      connection,
      message.type === 'ack' || message.type === 'visit' ? { ...message, visitID: null } : message,
    )
  Object.assign(desk.outbox, { send: silent })
}

export function letsAnybodyIn(visitors: OpenVisitors): Visitors {
  return {
    ...visitors,
    async admit(globalVisitID, tokenHash) {
      const admission = await visitors.admit(globalVisitID, tokenHash)
      const standing = { visitId: null, state: 'Anonymous' }
      return admission.is === 'admitted' ? admission : { is: 'admitted', isNew: false, standing }
    },
  }
}

export function missesDepartures(visitors: OpenVisitors): Visitors {
  return {
    ...visitors,
    record: (globalVisitID, entries) =>
      entries.some(({ type }) => type === 'presence.went')
        ? Promise.resolve({ outcomes: [], visitId: null, withdrawn: false })
        : visitors.record(globalVisitID, entries),
  }
}

export function skipsChanges(store: Store): Store {
  return { ...store, changes: (span) => store.changes(span).filter(({ position }) => position % 7 !== 0) }
}

/** The boundary where the machine's own table of guards is changed, and put right again. */
export function otherGuard(name: string, guard: () => boolean): Broken {
  return {
    machine: () => {
      const guards = visitorMachine.implementations.guards as Record<string, unknown>
      const right = guards[name]
      if (right === undefined) throw new Error(`the machine has no guard ${name}`)
      guards[name] = guard
      return () => {
        guards[name] = right
      }
    },
  }
}

export function erasing(change: (step: EraseStep) => EraseStep): (store: Store) => Store {
  return (store) => ({ ...store, erase: (step) => store.erase(change(step)) })
}

export function emptiesOthers({ chunks = [], ...step }: EraseStep): EraseStep {
  const emptied = chunks.map(({ number, entries }) => {
    return { number, entries: entries.map((entry) => ({ ...entry, visit: 0 })) }
  })
  return { ...step, chunks: emptied }
}

export function forgetsDevices(store: Store): Store {
  const erasedAt = (kind: ErasedKind, id: string): number =>
    kind === 'device' ? 0 : store.erasedAt(kind, id)
  return drafting((draft) => Object.assign(draft, { erasedAt }))({ ...store, erasedAt })
}

export function missesLast(store: Store): Store {
  return {
    ...store,
    entries: (number, span) =>
      store.entries(number, span).filter(({ seq }) => seq !== store.visitor(number)?.seq),
  }
}

export function saysAnotherTime(store: Store): Store {
  return {
    ...store,
    changes: (span) => store.changes(span).map((change) => ({ ...change, data: { ...change.data, at: 1 } })),
  }
}

export function asNobody({ view }: OpenVisitors, globalVisitID: string): VisitorView | null {
  const visitor = view(globalVisitID)
  return visitor && { ...visitor, state: 'Anonymous' }
}

export function tellsNobody(draft: Draft): void {
  const { putChange } = draft
  Object.assign(draft, {
    putChange: (change: Parameters<Draft['putChange']>[0]) => {
      if (change.kind !== 'identity') putChange(change)
    },
  })
}
