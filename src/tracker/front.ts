/** The front of the tracker: the commands of `_gt`, and whether they may begin one (T2 consent). */
import type { WireEvent } from '../../protocol/events.ts'
import { eventOf, objectOf } from './commands.ts'
import { makeGuard } from './guard.ts'
import type { FreshProof, TrackerConfig } from './interface.ts'
import { makeKeeper } from './keeper.ts'
import { storagePlace } from './places.ts'
import { randomUuid } from './random.ts'
import { makeShelf } from './shelf.ts'
import { makeTracker, type Tracker } from './tracker.ts'

/** Commands that wait for `config` or for consent. */
const WAITING_MAX = 500

type Handler = (value: unknown) => unknown

const isHandler = (value: unknown): value is Handler => typeof value === 'function'

/** Takes one command after another; `home` is the server where the site names none. Never throws (T6). */
export function makeFront(home: string): (command: unknown) => void {
  const local = storagePlace(() => localStorage)
  const session = storagePlace(() => sessionStorage)
  const handlers = new Map<unknown, Handler[]>()
  const told = new Map<unknown, unknown>()
  let config: TrackerConfig | undefined
  let tracker: Tracker | undefined
  let consent: boolean | undefined
  let waiting: unknown[] = []

  const log = (...what: unknown[]): void => {
    if (config?.debug) console.debug('[vestibule]', ...what)
  }
  const guard = makeGuard(log)
  const keeperOf = ({ cookieDomain }: TrackerConfig) => makeKeeper({ local, session, cookieDomain })

  const handlersOf = (channel: unknown): Handler[] => handlers.get(channel) || []
  const tell = (channel: string, value: unknown): void => {
    told.set(channel, value)
    for (const handler of handlersOf(channel)) guard(handler)(value)
  }

  /** Who asks late still hears how things stand. */
  function listen(channel: unknown, handler: Handler): void {
    handlers.set(channel, [...handlersOf(channel), handler])
    if (told.has(channel)) handler(told.get(channel))
  }

  /** The page is asked what only it can know; it may think about it. */
  function askProof({ eventName, data }: WireEvent): Promise<FreshProof> | undefined {
    const [handler] = handlersOf('proof')
    // A boundary: what the page answers is checked by the server.
    return handler && Promise.resolve({ eventName, data }).then((request) => handler(request) as FreshProof)
  }

  function mayBegin(given: TrackerConfig): boolean {
    if (consent !== undefined) return consent
    const keeper = keeperOf(given)
    return given.consent === 'required' ? keeper.readPair() !== null : !keeper.hasRefused()
  }

  function begin(): void {
    if (tracker || !config || !mayBegin(config)) return
    // A page that the browser only prepares is not seen by anybody yet.
    if ('prerendering' in document && document.prerendering) {
      document.addEventListener('prerenderingchange', guard(begin), { once: true })
      return
    }
    const { endpoint = home } = config
    tracker = makeTracker({
      config,
      endpoint: endpoint.replace(/\/$/, ''),
      keeper: keeperOf(config),
      shelf: makeShelf({ local, session, pageKey: randomUuid(), locks: navigator.locks }),
      hasConsent: consent === true || config.consent === 'required',
      guard,
      log,
      askProof,
      onStatus: (status) => tell('connection', status),
      onIdentity: (status) => tell('identity', status),
      onWithdrawn: () => withdraw(true),
    })
    runWaiting()
  }

  function runWaiting(): void {
    const commands = waiting
    waiting = []
    for (const command of commands) run(command)
  }

  function withdraw(isKnown: boolean): void {
    const ending = tracker
    tracker = undefined
    waiting = []
    ending?.withdraw(isKnown)
  }

  function decide(answer: boolean, given: TrackerConfig): void {
    consent = answer
    const keeper = keeperOf(given)
    // Where consent is not asked for, only a mark can keep the next page from beginning again.
    keeper.setRefused(!answer && given.consent !== 'required')
    if (answer) return beginSoon()
    withdraw(false)
    keeper.forget()
  }

  /** After the commands that were pushed together with `config`: consent may be among them. */
  function beginSoon(): void {
    Promise.resolve().then(guard(begin))
  }

  function configure(given: TrackerConfig): void {
    // The same object: a tracker that runs already sees the change, of the language for one.
    config = Object.assign(config || {}, given)
    beginSoon()
    runWaiting()
  }

  function wait(command: unknown): void {
    if (waiting.length < WAITING_MAX) waiting.push(command)
  }

  function send(command: unknown, to: Tracker): void {
    const event = eventOf(command)
    if (event) to.send(event)
    else log('not a command', command)
  }

  const run = guard((command: unknown) => {
    const [verb, value, handler]: readonly unknown[] = Array.isArray(command) ? command : []
    if (verb === 'on' && isHandler(handler)) listen(value, handler)
    else if (verb === 'config') configure(objectOf(value))
    else if (verb === 'consent' && config) decide(value === true, config)
    else if (!tracker) wait(command)
    else if (verb === 'getIDs' && isHandler(value)) value(tracker.ids())
    else send(command, tracker)
  })

  return run
}
