/** Browsers in a process of their own: they come all at once, are cut off all at once, and try until they are served. */
import { connect, type Socket } from 'node:net'
import { addLatency, latencyAt, newLatencies } from '../src/commands/load/tally.ts'
import { frameReader, PONG, textFrame, upgradeRequest } from './frames.ts'
import { newVisitor, type Visitor } from './visitor.ts'

export type Command =
  /** All come at once; answered with `Served` when the last is. */
  | { readonly is: 'open'; readonly port: number; readonly browsers: number }
  /** All lose their sockets at once, and come again at once; answered with `Served`. */
  | { readonly is: 'cut' }
  /** From now on they say so many events a second, all together. */
  | { readonly is: 'talk'; readonly eventsPerSecond: number }
  /** Answered with `Acks`: those since the last time. */
  | { readonly is: 'tally' }

/** Served = welcome, and an event of its own acknowledged. */
export interface Served {
  readonly halfMs: number
  readonly allMs: number
  /** Connections that were opened for it. */
  readonly tries: number
}

export interface Acks {
  readonly acks: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Sockets that were lost without being cut here. */
  readonly lost: number
}

interface Browser {
  readonly visitor: Visitor
  /** The same each time: its token is its own. */
  readonly hello: Buffer
  socket: Socket | null
  /** When each event that is not acknowledged was sent. */
  sentAt: number[]
  isWelcome: boolean
  isServed: boolean
}

/** A browser that was not let in tries again within this: the worst case, real trackers wait longer each time. */
const RETRY_MS = 100

const browsers: Browser[] = []
let port = 0
let latencies = newLatencies()
let acks = 0
let lost = 0
let storm = { beganMs: 0, tries: 0, servedMs: [] as number[], done: (_: Served) => {} }

process.on('message', (command: Command) => {
  void perform(command).then((answer) => process.send?.({ answer }))
})
// A bench that ends, however it ends, leaves no browser behind.
process.on('disconnect', () => process.exit())

async function perform(command: Command): Promise<Served | Acks | null> {
  switch (command.is) {
    case 'open':
      port = command.port
      for (let index = 0; index < command.browsers; index += 1) browsers.push(newBrowser())
      return await allServed()
    case 'cut':
      for (const browser of browsers) {
        const { socket } = browser
        Object.assign(browser, { socket: null, sentAt: [], isWelcome: false, isServed: false })
        socket?.destroy()
      }
      return await allServed()
    case 'talk':
      talk(command.eventsPerSecond)
      return null
    case 'tally':
      return tally()
  }
}

function newBrowser(): Browser {
  const visitor = newVisitor()
  const hello = textFrame(visitor.hello())
  return { visitor, hello, socket: null, sentAt: [], isWelcome: false, isServed: false }
}

function allServed(): Promise<Served> {
  return new Promise((done) => {
    storm = { beganMs: performance.now(), tries: 0, servedMs: [], done }
    for (const browser of browsers) open(browser)
  })
}

function open(browser: Browser): void {
  storm.tries += 1
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  browser.socket = socket
  socket.write(upgradeRequest(port, browser.visitor.globalVisitID))
  let read: ((chunk: Buffer) => void) | null = null
  socket.on('data', (chunk: Buffer) => {
    try {
      if (read !== null) return read(chunk)
      const head = chunk.indexOf('\r\n\r\n')
      if (head === -1 || chunk.toString('latin1', 9, 12) !== '101') return void socket.destroy()
      read = frameReader(
        (text) => hear(browser, text),
        () => socket.write(PONG),
      )
      socket.write(browser.hello)
      if (chunk.length > head + 4) read(chunk.subarray(head + 4))
    } catch {
      // The server closed it: it comes again.
      socket.destroy()
    }
  })
  // A close follows.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    if (browser.socket !== socket) return
    if (browser.isServed) lost += 1
    Object.assign(browser, { socket: null, sentAt: [], isWelcome: false })
    setTimeout(open, Math.random() * RETRY_MS, browser)
  })
}

/** Messages are told apart by the letter after `{"type":"`. */
function hear(browser: Browser, text: string): void {
  if (text[9] === 'w') {
    browser.isWelcome = true
    say(browser)
  } else if (text[9] === 'a') {
    const now = performance.now()
    addLatency(latencies, now - (browser.sentAt.shift() ?? now))
    acks += 1
    if (!browser.isServed) serve(browser, now)
  }
}

function serve(browser: Browser, now: number): void {
  browser.isServed = true
  storm.servedMs.push(now - storm.beganMs)
  if (storm.servedMs.length < browsers.length) return
  const { servedMs, tries, done } = storm
  done({ halfMs: servedMs[Math.floor(servedMs.length / 2)] ?? 0, allMs: servedMs.at(-1) ?? 0, tries })
}

function say({ socket, visitor, sentAt }: Browser): void {
  sentAt.push(performance.now())
  socket?.write(textFrame(visitor.batch(1)))
}

/** Open loop: nobody waits for an ack before the next one speaks. */
function talk(eventsPerSecond: number): void {
  const beganMs = performance.now()
  let said = 0
  setInterval(() => {
    const due = ((performance.now() - beganMs) / 1_000) * eventsPerSecond
    for (; said < due; said += 1) {
      const browser = browsers[said % browsers.length]
      if (browser?.isWelcome === true) say(browser)
    }
  }, 5)
}

function tally(): Acks {
  const told = { acks, lost, p50Ms: latencyAt(latencies, 0.5), p99Ms: latencyAt(latencies, 0.99) }
  latencies = newLatencies()
  acks = 0
  return told
}
