/** One running tracker: makes events of what happens on the page and hands them to delivery. */
import type { WireEvent } from '../../protocol/events.ts'
import type { NamedEvent } from './commands.ts'
import { type DeliveryOptions, makeDelivery } from './delivery.ts'
import type { TrackerIds } from './interface.ts'
import type { Keeper } from './keeper.ts'
import { parse, toText } from './own.ts'
import { cleanUrl, maskText, maskValue } from './privacy.ts'
import { randomUuid } from './random.ts'
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
  send(event: NamedEvent): void
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
  let entered: { title: string; readonly eventID: string } | undefined
  let enteredAt = 0
  let referrer = document.referrer
  let isOver = false
  let hasRenewed = false

  const delivery = makeDelivery({
    ...options,
    who,
    introduce: () => ({
      type: 'hello',
      ...who.pair(),
      visitID: currentVisit(),
      pageID,
      languageCode: languageCode(),
      sentAt: Date.now(),
    }),
    onFlush: putTitle,
    onNotify: (message) =>
      message.page && message.page !== pageID ? 'notThisPage' : options.onNotify(message),
    onHello() {
      if (!isOver && who.follow()) stampAnew()
    },
    onUnauthorized() {
      if (hasRenewed) return false
      hasRenewed = true
      who.replace()
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
      eventID: randomUuid(),
      visitID,
      pageID,
      timestamp: Date.now(),
      url: cleanUrl(location.href, config),
      languageCode: languageCode(),
      // A copy: what the page changes later has not happened yet.
      data: parse(toText(named.data), (_, value) => (isSystem ? value : maskValue(value, config))),
    }
  }

  function visitStarted(visitID: string): WireEvent {
    // No screen and no time zone: who put them together could tell browsers apart.
    const data = hasConsent ? { consent: true } : {}
    return {
      ...makeEvent({ eventName: 'VisitStarted', data }, visitID),
      referrer: cleanUrl(referrer, config),
    }
  }

  /** The visit that the tabs share; without one a new visit starts (T1). */
  function currentVisit(): string {
    const known = who.visitID()
    if (known) return known
    const visitID = who.openVisit()
    delivery.add(visitStarted(visitID))
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
    const event = {
      ...makeEvent({ eventName: 'PageEntered', data }, currentVisit()),
      title: '',
      referrer: cleanUrl(referrer, config),
    }
    entered = event
    referrer = location.href
    putTitle()
    delivery.add(event)
  }

  /** Sites set the title after the route, or when their scripts have run: it is read again before an event leaves. */
  function putTitle(): void {
    if (entered) entered.title = maskText(document.title, config).slice(0, TITLE_LENGTH)
  }

  function exitPage(given: NamedEvent['data'] = {}): void {
    const data = { durationMs: Math.round(performance.now() - enteredAt), ...given }
    delivery.add(makeEvent({ eventName: 'PageExited', data }, currentVisit()))
  }

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
    send(event) {
      if (event.eventName === 'PageEntered') enterPage(event.data)
      else if (event.eventName === 'PageExited') exitPage(event.data)
      else delivery.add(makeEvent(event, currentVisit()))
    },
    ids: () => ({
      globalVisitID: who.pair().globalVisitID,
      visitID: currentVisit(),
      pageID,
      dropped: delivery.dropped(),
    }),
    withdraw(isKnown) {
      const last = makeEvent({ eventName: 'ConsentWithdrawn', data: {} }, currentVisit())
      isOver = true
      delivery.finish(isKnown ? null : last)
      // Not where another tab has begun anew meanwhile.
      if (who.follow()) return
      keeper.forget()
      shelf.clear()
    },
  }
}

/** After the page's deferred scripts: until then its title may not be its own. */
function whenScriptsRan(work: () => void): void {
  // Deprecated, and still the one place that tells it in every browser: readyState changes before they run.
  if (performance.timing.domContentLoadedEventStart === 0) document.addEventListener('DOMContentLoaded', work)
  else work()
}
