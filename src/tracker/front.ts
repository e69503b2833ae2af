/** The front of the tracker: the commands of `_gt`, and whether they may begin one (T2 consent). */
import type { WireEvent } from '../../protocol/events.ts'
import type { NotifiedOutcome } from '../../protocol/messages.ts'
import { eventOf, objectOf } from './commands.ts'
import { makeGuard } from './guard.ts'
import type { FreshProof, TrackerConfig } from './interface.ts'
import { type Keeper, makeKeeper } from './keeper.ts'
import { isArray } from './own.ts'
import type { Part } from './parts.ts'
import { storagePlace } from './places.ts'
import { QUEUE_EVENTS } from './queue.ts'
import { randomUuid } from './random.ts'
import { makeShelf } from './shelf.ts'
import { makeTracker, type Tracker } from './tracker.ts'

declare global {
  interface Document {
    /** Not in all browsers. */
    readonly prerendering?: boolean
  }
  interface Navigator {
    /** Not in all browsers. */
    readonly globalPrivacyControl?: boolean
  }
}

type Handler = (value: unknown) => unknown

const isHandler = (value: unknown): value is Handler => typeof value === 'function'

/** Takes one command after another; `home` is the server where the site names none. Never throws (T6). */
export function makeFront(home: string, nonce = ''): (command: unknown) => void {
  const local = storagePlace(() => localStorage)
  const session = storagePlace(() => sessionStorage)
  const handlers = new Map<unknown, readonly Handler[]>()
  const told = new Map<unknown, unknown>()
  const config: TrackerConfig & { endpoint: string } = { endpoint: home }
  /** There is one from the first `config` on. */
  let keeper: Keeper | undefined
  let tracker: Tracker | undefined
  let consent: boolean | undefined
  let waiting: readonly unknown[] = []

  const log = (...what: unknown[]): void => {
    if (config.debug) console.debug('_gt', ...what)
  }
  const guard = makeGuard(log)

  /** Answers nothing: the part is not there yet. */
  function load(part: Part): undefined {
    const script = document.createElement('script')
    script.src = `${config.endpoint}/tracker-${part}.js`
    script.nonce = nonce
    document.head.append(script)
  }

  const handlersOf = (channel: unknown): readonly Handler[] => handlers.get(channel) || []

  /** One handler that throws takes nothing from the others (T5). */
  function hand(channel: string, value: unknown): NotifiedOutcome {
    let outcome: NotifiedOutcome = 'noHandler'
    for (const handler of handlersOf(channel)) {
      guard(() => {
        handler(value)
        outcome = 'handled'
      })()
    }
    return outcome
  }

  function tell(channel: string, value: unknown): void {
    told.set(channel, value)
    hand(channel, value)
  }

  /** Who asks late still hears how things stand. */
  function listen(channel: unknown, handler: Handler): void {
    handlers.set(channel, [...handlersOf(channel), handler])
    if (told.has(channel)) handler(told.get(channel))
  }

  /** The page is asked what only it can know; it may think about it. */
  async function askProof({ eventName, data }: WireEvent): Promise<FreshProof | undefined> {
    const [handler] = handlersOf('proof')
    // A boundary: what the page answers is checked by the server.
    return handler && (handler({ eventName, data }) as FreshProof)
  }

  function mayBegin({ readPair, hasRefused }: Keeper): boolean {
    if (consent !== undefined) return consent
    if (config.honourSignals && objects()) return false
    return config.consent === 'required' ? !!readPair() : !hasRefused()
  }

  function begin(): void {
    if (tracker || !keeper || !mayBegin(keeper)) return
    // A page that the browser only prepares is not seen by anybody yet.
    if (document.prerendering) return document.addEventListener('prerenderingchange', guard(begin))
    tracker = makeTracker({
      config,
      keeper,
      shelf: makeShelf({ local, session, pageKey: randomUuid(), locks: navigator.locks }),
      hasConsent: consent || config.consent === 'required',
      guard,
      log,
      askProof,
      onNotify: ({ channel, data }) => hand(channel, data),
      loadHttp: () => load('http'),
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
    tracker?.withdraw(isKnown)
    tracker = undefined
    waiting = []
  }

  function decide(answer: boolean, { setRefused, forget }: Keeper): void {
    consent = answer
    // Where consent is not asked for, only a mark can keep the next page from beginning again.
    setRefused(!answer && config.consent !== 'required')
    if (answer) return beginSoon()
    withdraw(false)
    forget()
  }

  /** After the commands that were pushed together with `config`: consent may be among them. */
  const beginSoon = (): void => queueMicrotask(guard(begin))

  function configure(given: TrackerConfig): void {
    // The same object: a tracker that runs already sees the change, of the language for one.
    Object.assign(config, given)
    config.endpoint = config.endpoint.replace(/\/$/, '')
    keeper = makeKeeper({ local, session, cookieDomain: config.cookieDomain })
    beginSoon()
    runWaiting()
  }

  /** Declared events: the file that understands them takes over what waits for it. */
  function declare(declared: unknown): void {
    if (!window._gtDsl) {
      window._gtDsl = []
      load('dsl')
    }
    window._gtDsl.push(declared)
  }

  function send(command: readonly unknown[], to: Tracker): void {
    const event = eventOf(command)
    if (event) to.say(event)
    else log(command)
  }

  const run = guard((given: unknown) => {
    const command: readonly unknown[] = isArray(given) ? given : []
    const [verb, value, handler] = command
    if (verb === 'on' && isHandler(handler)) listen(value, handler)
    else if (verb === 'config') configure(objectOf(value))
    else if (verb === 'consent' && keeper) decide(value === true, keeper)
    else if (tracker) {
      if (verb === 'getIDs' && isHandler(value)) value(tracker.ids())
      else if (verb === 'dsl') declare(value)
      else send(command, tracker)
    } else if (waiting.length < (config.queueEvents || QUEUE_EVENTS)) waiting = [...waiting, command]
  })

  return run
}

/** The browser asks not to be tracked: Global Privacy Control, or Do Not Track. */
const objects = (): boolean => navigator.globalPrivacyControl || navigator.doNotTrack === '1'
