/** One running tracker: makes events of what happens on the page and hands them to delivery. */
import type { WireEvent } from '../../protocol/events.ts'
import type { NamedEvent } from './commands.ts'
import { type DeliveryOptions, makeDelivery } from './delivery.ts'
import type { TrackerIds } from './interface.ts'
import type { Keeper } from './keeper.ts'
import { parse, toText } from './own.ts'
import { cleanUrl, maskText, maskValue } from './privacy.ts'
import { randomUuid, timedUuid } from './random.ts'
import { watchRoutes } from './routes.ts'
import { makeWho } from './who.ts'

export interface TrackerOptions
  extends Pick<
    DeliveryOptions,
    | 'config'
    | 'shelf'
    | 'guard'
    | 'onStatus'
    | 'onIdentity'
    | 'onWithdrawn'
    | 'onNotify'
    | 'loadHttp'
    | 'askProof'
    | 'log'
  > {
  readonly keeper: Keeper
  /** The visitor agreed to be tracked: a withdrawal before it no longer holds (V11). */
  readonly hasConsent: boolean
}

export interface Tracker {
  say(event: NamedEvent): void
  ids(): TrackerIds
  /** Says `ConsentWithdrawn`, unless the server said it first, and ends. What is kept goes with it. */
  withdraw(isKnown: boolean): void
}

const SYSTEM = /^(VisitStarted|PageEntered|PageExited|Sign(In|Out)|UserInfo|ConsentWithdrawn)$/
const TITLE_LENGTH = 512
const LANGUAGE_LENGTH = 35

export function makeTracker(options: TrackerOptions): Tracker {
  const { config, keeper, shelf, guard, hasConsent } = options
  const isAuto = config.pages !== 'manual'
  const who = makeWho(keeper)
  let pageID = randomUuid()
  let entered: { title?: string; readonly eventID: string } | undefined
  let enteredAt = 0
  let referrer = document.referrer
  let isOver = false
  let hasRenewed = false

  const delivery = makeDelivery({
    ...options,
    who,
    introduce(isLeaving) {
      if (!isLeaving && !isOver && who.follow()) stampAnew()
      return {
        type: 'hello',
        ...who.pair(),
        visitID: currentVisit(),
        pageID,
        languageCode: languageCode(),
        sentAt: Date.now(),
      }
    },
    onFlush: putTitle,
    onNotify: (message) =>
      message.page && message.page !== pageID ? 'notThisPage' : options.onNotify(message),
    onUnauthorized() {
      if (hasRenewed || isOver) return false
      hasRenewed = true
      who.renew()
      stampAnew()
      return true
    },
  })

  const languageCode = (): string =>
    String(config.languageCode || document.documentElement.lang || navigator.language).slice(
      0,
      LANGUAGE_LENGTH,
    )

  function makeEvent(named: NamedEvent, visitID: string): WireEvent {
    const isSystem = SYSTEM.test(named.eventName)
    return {
      ...named,
      eventType: isSystem ? 'SYSTEM' : 'BUSINESS',
      eventID: timedUuid(),
      visitID,
      pageID,
      timestamp: Date.now(),
      url: cleanUrl(location.href, config),
      languageCode: languageCode(),
      // A copy: what the page changes later has not happened yet.
      data: parse(toText(named.data), (_, value) => (isSystem ? value : maskValue(value, config))),
    }
  }

  /** No screen and no time zone: who put them together could tell browsers apart. */
  const visitStarted = (visitID: string): WireEvent => ({
    ...makeEvent({ eventName: 'VisitStarted', data: hasConsent ? { consent: true } : {} }, visitID),
    referrer: cleanUrl(referrer, config),
  })

  /** The visit that the tabs share; without one a new visit starts (T1). */
  function currentVisit(): string {
    const known = who.visitID()
    if (known) return known
    const visitID = who.openVisit()
    delivery.put(visitStarted(visitID))
    return visitID
  }

  /** This browser became another visitor: all that waits is said anew, in a visit of the new one. */
  function stampAnew(): void {
    const known = who.visitID()
    const visitID = known || who.openVisit()
    delivery.restamp(visitID, known ? undefined : visitStarted(visitID))
    if (isAuto && !(entered && delivery.waits(entered.eventID))) enterPage()
  }

  function enterPage(data: NamedEvent['data'] = {}): void {
    pageID = randomUuid()
    enteredAt = performance.now()
    const event: typeof entered & WireEvent = {
      ...makeEvent({ eventName: 'PageEntered', data }, currentVisit()),
      referrer: cleanUrl(referrer, config),
    }
    entered = event
    referrer = location.href
    putTitle()
    delivery.put(event)
  }

  /** Sites set the title after the route, or when their scripts have run: it is read again before an event leaves. */
  function putTitle(): void {
    if (entered) entered.title = maskText(document.title, config).slice(0, TITLE_LENGTH)
  }

  function exitPage(given: NamedEvent['data'] = {}): void {
    const data = { durationMs: Math.round(performance.now() - enteredAt), ...given }
    put({ eventName: 'PageExited', data })
  }

  const put = (event: NamedEvent): void => delivery.put(makeEvent(event, currentVisit()))

  function onRoute(): void {
    if (isOver) return
    exitPage()
    enterPage()
  }

  addEventListener(
    'pagehide',
    guard(() => {
      if (isAuto && !isOver) exitPage()
      delivery.leave()
    }),
  )
  addEventListener(
    'pageshow',
    guard(({ persisted }: PageTransitionEvent) => {
      if (!persisted || isOver) return
      delivery.start()
      if (isAuto) enterPage()
    }),
  )

  if (isAuto) {
    watchRoutes(guard, onRoute)
    enterPage()
  } else currentVisit()
  whenScriptsRan(guard(delivery.start))

  return {
    say(event) {
      if (event.eventName === 'PageEntered') enterPage(event.data)
      else if (event.eventName === 'PageExited') exitPage(event.data)
      else put(event)
    },
    ids: () => ({
      globalVisitID: who.pair().globalVisitID,
      visitID: currentVisit(),
      pageID,
      dropped: delivery.lossCount(),
    }),
    withdraw(isKnown) {
      const last = makeEvent({ eventName: 'ConsentWithdrawn', data: {} }, currentVisit())
      isOver = true
      delivery.finish(isKnown ? null : last)
      // Not where another tab has begun anew meanwhile.
      if (who.follow()) return
      keeper.forget()
      shelf.clearAll()
    },
  }
}

/** After the page's deferred scripts: until then its title may not be its own. */
function whenScriptsRan(work: () => void): void {
  // Deprecated, and still the one place that tells it in every browser: readyState changes before they run.
  if (performance.timing.domContentLoadedEventStart === 0) document.addEventListener('DOMContentLoaded', work)
  else work()
}
