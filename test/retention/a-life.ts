/** What people do on a site that keeps nothing for ever, step by step: for tests. */
import type { NewEvent } from '../../src/visitors/contract.ts'
import { came, event, MINUTE, SECOND, signIn, type TestRoom, type Words, went } from '../visitors/a-room.ts'

/** An event on a page of this name. */
export function on(name: string, url: string, words: Words = {}): NewEvent {
  const made = event(name, words)
  return { ...made, words: { ...made.words, url: `https://shop.example/${url}` } }
}

/** A signed-in visit that ends as its socket goes; every word in it begins with `said`. Its last entry's time. */
export async function visits(room: TestRoom, globalVisitID: string, said: string): Promise<number> {
  const visit = `${said}-visit`
  const identityId = `${said}@example.com`
  const data = { identityId, name: `${said}-name`, email: identityId }
  await room.record(globalVisitID, event('VisitStarted', { visit }), came(visit))
  await room.record(globalVisitID, on('PageEntered', `${said}-page`, { visit }))
  await room.record(globalVisitID, signIn(identityId, { visit, data }))
  await room.record(globalVisitID, on('AddToCart', `${said}-cart`, { visit, data: { note: `${said}-note` } }))
  await leaves(room, globalVisitID, visit)
  return room.store.lastAt()
}

/** Somebody looks at one page and goes. */
export async function glances(room: TestRoom, globalVisitID: string, said: string): Promise<number> {
  const visit = `${said}-visit`
  await room.record(globalVisitID, event('VisitStarted', { visit }), came(visit))
  await room.record(globalVisitID, on('PageEntered', `${said}-page`, { visit }))
  await leaves(room, globalVisitID, visit)
  return room.store.lastAt()
}

/** The visit ends by its deadline. */
export async function leaves(room: TestRoom, globalVisitID: string, visit: string): Promise<void> {
  await room.record(globalVisitID, went(visit))
  room.passes(MINUTE)
  // Deadlines are applied as somebody looks.
  await room.visitors.erasing.inTurn(globalVisitID, (recorder) => recorder.shed(() => null))
  room.passes(SECOND)
}

/** Every word that `visits` says. */
export function wordsOf(said: string): readonly string[] {
  return [
    `${said}-visit`,
    `${said}@example.com`,
    `${said}-name`,
    `${said}-page`,
    `${said}-cart`,
    `${said}-note`,
  ]
}
