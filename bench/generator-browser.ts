/** One browser of the load generator: its socket, what it says, and the check of every answer. */
import { connect, type Socket } from 'node:net'
import { frameReader, GOODBYE, NotCarried, PONG, textFrame, upgradeRequest } from './frames.ts'
import type { Crowd, Phase } from './generator.ts'
import { newVisitor, STAY_EVENTS, type Visitor, type VisitorPlan } from './visitor.ts'

/** What all browsers share. */
export interface Load {
  readonly crowd: Crowd
  /** Null = nobody says more than its greeting. */
  phase: Phase | null
  readonly browsers: Set<Browser>
  /** How many came, also those who have gone. */
  opened: number
  /** How many were welcomed, also those who have gone. */
  welcomed: number
  /** Whatever the server said so far: while it grows, somebody is there. */
  answers: number
  /** Of all events sent by those who have gone, and their bytes. */
  events: number
  eventBytes: number
  readonly heard: (ms: number, events: number) => void
  readonly pushed: (ms: number) => void
}

export interface Browser {
  readonly load: Load
  readonly socket: Socket
  readonly visitor: Visitor
  /** Batches in flight, oldest first. */
  readonly sent: Sent[]
  /** When each change of identity was sent that was not pushed yet, oldest first. */
  readonly changedAt: number[]
  acks: number
  isWelcome: boolean
}

interface Sent {
  readonly at: number
  readonly events: number
}

export function openBrowser(load: Load): void {
  const { port, signsIn } = load.crowd
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  const visitor = newVisitor(signsIn ? planOf(load.opened) : {})
  load.opened += 1
  const browser: Browser = { load, socket, visitor, sent: [], changedAt: [], acks: 0, isWelcome: false }
  load.browsers.add(browser)
  socket.write(upgradeRequest(port, visitor.globalVisitID))
  let read: ((chunk: Buffer) => void) | null = null
  socket.on('data', (chunk: Buffer) => {
    if (read !== null) {
      read(chunk)
      return
    }
    const head = chunk.indexOf('\r\n\r\n')
    if (head === -1 || !chunk.toString('latin1', 0, 12).endsWith('101'))
      throw new NotCarried(`an upgrade was refused: ${chunk.toString('latin1', 0, 100)}`)
    read = frameReader(
      (text) => hear(browser, text),
      () => socket.write(PONG),
    )
    socket.write(textFrame(visitor.hello()))
    if (chunk.length > head + 4) read(chunk.subarray(head + 4))
  })
  socket.on('error', (cause) => {
    throw new NotCarried(`a connection failed: ${cause.message}`)
  })
  socket.on('end', () => {
    if (load.browsers.has(browser)) throw new NotCarried('the server ended a connection')
  })
}

/** They sign in one after another, never in the first two events: at any time the same share of events does. */
function planOf(index: number): VisitorPlan {
  return { identityId: `person-${index}`, comesAndGoes: true, signInAfter: 2 + (index % STAY_EVENTS) }
}

/** Messages are told apart by the letter after `{"type":"`: of an ack no more is parsed than has to be right. */
function hear(browser: Browser, text: string): void {
  browser.load.answers += 1
  switch (text[9]) {
    case 'w':
      browser.isWelcome = true
      browser.load.welcomed += 1
      if (browser.load.crowd.greeting > 0) send(browser, browser.load.crowd.greeting)
      else refill(browser)
      return
    case 'a':
      hearAck(browser, text)
      return
    case 'i': {
      const at = browser.changedAt.shift()
      if (at === undefined) throw new Error(`a push that nothing caused: ${text}`)
      browser.load.pushed(performance.now() - at)
      goIfDone(browser)
      return
    }
    case 'v':
      return
    default:
      throw new Error(`the server said ${text}`)
  }
}

function hearAck(browser: Browser, text: string): void {
  const { load, sent } = browser
  const now = performance.now()
  const oldest = sent.shift()
  browser.acks += 1
  const { events = 0 } = oldest ?? {}
  const isRight =
    text.startsWith(`{"type":"ack","id":${browser.acks},`) &&
    text.includes(`"accepted":${events},"duplicates":0,"rejected":[]`)
  if (oldest === undefined || !isRight)
    throw new Error(`not the ack of batch ${browser.acks} with ${events} events: ${text}`)
  load.heard(now - oldest.at, events)
  if (goIfDone(browser)) return
  // The acks of one chunk are answered by one write.
  if (load.phase !== null && sent.length <= load.phase.inFlight / 2) refill(browser)
}

/** It has said all it had to say, and knows that all of it arrived: the next one comes. */
export function goIfDone(browser: Browser): boolean {
  const { load, sent, visitor, changedAt } = browser
  const most = load.phase?.eventsPerVisitor ?? null
  if (most === null || visitor.made() < most || sent.length + changedAt.length > 0) return false
  sayGoodbye(browser)
  openBrowser(load)
  return true
}

/** Closed loop: as many batches as may be in flight. */
export function refill(browser: Browser): void {
  const { load, sent, socket, visitor } = browser
  if (load.phase === null || load.phase.batchesPerSecond !== null) return
  const { inFlight, eventsPerVisitor, eventsPerMessage } = load.phase
  socket.cork()
  while (sent.length < inFlight && visitor.made() < (eventsPerVisitor ?? Number.POSITIVE_INFINITY))
    send(browser, eventsPerMessage)
  socket.uncork()
}

export function send({ visitor, socket, sent, changedAt }: Browser, events: number): void {
  const changes = visitor.changes()
  const frame = textFrame(visitor.batch(events))
  const at = performance.now()
  sent.push({ at, events })
  for (let change = changes; change < visitor.changes(); change += 1) changedAt.push(at)
  socket.write(frame)
}

export function sayGoodbye(browser: Browser): void {
  const { load, socket, visitor } = browser
  load.browsers.delete(browser)
  load.events += visitor.made()
  load.eventBytes += visitor.eventBytes()
  socket.removeAllListeners()
  socket.on('data', () => undefined)
  // It is gone: how the other side ends it changes nothing.
  socket.on('error', () => undefined)
  socket.end(GOODBYE)
}
