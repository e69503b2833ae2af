/** V4: a visit is said to be connected where a socket counts in it, and only there. */
import { isStoredEvent } from '../../src/store/rows.ts'
import type { Wire } from './browser.ts'
import { must } from './ledger.ts'
import type { World } from './world.ts'

/** Asked when everything rests. */
export function provesPresence(world: World): void {
  const { running, browsers, wires, house, uncertain } = world
  if (running.store.unavailable() !== null || house.isFull) return
  for (const { globalVisitID } of browsers) {
    const view = running.visitors.view(globalVisitID)
    if (view?.visit === null || view?.visit === undefined) continue
    const { visitId, ordinal } = view.visit
    const hasSocket = running.store.visitor(view.number)?.connected === ordinal
    const own = wires.filter((wire) => wire.globalVisitID === globalVisitID && !wire.isOver)
    const counting = own.filter(
      ({ connection }) => connection.state === 'open' && connection.countsFor === visitId,
    )
    must(
      counting.length === 0 || hasSocket,
      'V4',
      () => `${globalVisitID}: a socket counts, and nobody is there`,
    )
    const entered = own.some((wire) => wire.connection.state === 'open' && wire.entered === visitId)
    must(!entered || hasSocket, 'V4', () => `${globalVisitID}: a socket named the visit, and nobody is there`)
    const spoke = own.some((wire) => wire.connection.state === 'open' && spokeIn(world, wire, view))
    must(
      !spoke || hasSocket,
      'V4',
      () => `${globalVisitID}: a socket spoke in the visit, and nobody is there`,
    )
    if ((uncertain.get(globalVisitID) ?? 0) >= world.observer.presentAt(globalVisitID)) continue
    must(
      !hasSocket || own.length > 0,
      'V4',
      () => `${globalVisitID}: no socket is left, and somebody is there`,
    )
  }
}

/** An event that only this socket said is recorded in the open visit since it opened. */
function spokeIn(
  { running, ledger }: World,
  wire: Wire,
  { number, visit }: { readonly number: number; readonly visit: { readonly ordinal: number } | null },
): boolean {
  const from = running.store.visit(number, visit?.ordinal ?? 0)?.ranges.at(-1)?.[0] ?? 1
  const entries = running.store.entries(number, { from, limit: Number.MAX_SAFE_INTEGER })
  return entries.some(
    (entry) =>
      isStoredEvent(entry) &&
      entry.via === 'socket' &&
      !entry.late &&
      entry.visit === visit?.ordinal &&
      ledger.onlyBy(wire.globalVisitID, entry.words.eventID) === wire.number,
  )
}
