/** One browser: it lives one visit after another, a step at each turn that it is given. */
import type { WireEvent } from '../../../protocol/events.ts'
import { type Device, newDevice, timedUuid, uuid } from './device.ts'
import type { Household } from './people.ts'
import type { Random } from './random.ts'
import { closeTab, findNetwork, type Line, loseNetwork, openTab, say, type Tab, waitingOf } from './tab.ts'
import { planVisit, type Step, type Words } from './visit-plan.ts'

/** A browser with this many events waiting makes no more of them. */
const WAITING_MAX = 500

/** What a visit was, while it goes on. */
interface Visiting {
  readonly plan: Iterator<Step, void>
  readonly visitID: string
  readonly startDate: number
  readonly identityIds: string[]
  readonly signedIn: string[]
}

export interface Browser {
  readonly line: Line
  readonly household: Household
  /** Its own, so that its life does not depend on the others'. */
  readonly random: Random
  readonly device: Device
  readonly tabs: Map<number, Tab>
  visiting: Visiting | null
  /** Turns that pass before the next visit. */
  away: number
}

export function newBrowser(household: Household, line: Line, random: Random): Browser {
  const device = newDevice(random)
  return { line, household, random, device, tabs: new Map(), visiting: null, away: random.below(3) }
}

/** Takes steps until one event happened. False = nothing did: nobody is there, or too much waits. */
export function takeTurn(browser: Browser): boolean {
  const { line, tabs } = browser
  if (browser.away > 0) {
    browser.away -= 1
    return false
  }
  if (browser.visiting === null && isStopped(browser)) return false
  if ([...tabs.values()].reduce((sum, tab) => sum + waitingOf(tab), 0) >= WAITING_MAX) {
    line.tally.heldBack += 1
    return false
  }
  const visiting = browser.visiting ?? begin(browser)
  for (;;) {
    const step = visiting.plan.next()
    if (step.done === true) {
      end(browser, visiting)
      return false
    }
    if (act(browser, visiting, step.value)) return true
  }
}

/** The server told every tab to stop, or the last one before it left. */
export function isStopped({ tabs }: Browser): boolean {
  return tabs.size > 0 && [...tabs.values()].every(({ state }) => state === 'stopped')
}

/** The network is there, and what tabs before left has a tab to be sent by: for the end of a run. */
export function settleDown(browser: Browser): void {
  for (const tab of browser.tabs.values()) findNetwork(tab)
  const { device, line, tabs, random } = browser
  if (device.leftover.length > 0 && !isStopped(browser)) tabs.set(-1, openTab(device, line, uuid(random)))
}

export function unacknowledged({ device, tabs }: Browser): number {
  return [...tabs.values()].reduce((sum, tab) => sum + waitingOf(tab), device.leftover.length)
}

/** Closes everything; a visit that still goes on is written down as it is. */
export function shutDown(browser: Browser): void {
  for (const tab of browser.tabs.values()) closeTab(tab)
  if (browser.visiting !== null) end(browser, browser.visiting)
}

function begin(browser: Browser): Visiting {
  const { line, household, random, device } = browser
  device.visitID = uuid(random)
  line.tally.visits += 1
  const visiting: Visiting = {
    plan: planVisit(household, random),
    visitID: device.visitID,
    startDate: Date.now(),
    identityIds: [],
    signedIn: [],
  }
  browser.visiting = visiting
  return visiting
}

function end(browser: Browser, { visitID, startDate, identityIds, signedIn }: Visiting): void {
  const { line, device } = browser
  const { globalVisitID } = device
  line.ledger.visit({ globalVisitID, visitID, startDate, endDate: Date.now(), identityIds, signedIn })
  browser.visiting = null
  browser.away = 2 + browser.random.below(10)
}

/** Does a step; true for an event. */
function act(browser: Browser, visiting: Visiting, step: Step): boolean {
  const { device, line, tabs, random } = browser
  switch (step.does) {
    case 'opensTab':
      tabs.set(step.tab, openTab(device, line, uuid(random)))
      return false
    case 'closesTab':
      close(browser, step.tab)
      return false
    case 'sitsDown':
      visiting.identityIds.push(step.person.identityId)
      return false
    case 'signsIn':
      visiting.signedIn.push(step.person.identityId)
      return false
    case 'losesNetwork':
      for (const tab of tabs.values()) loseNetwork(tab)
      return false
    case 'findsNetwork':
      for (const tab of tabs.values()) findNetwork(tab)
      return false
    case 'vanishes':
      for (const tab of tabs.values()) loseNetwork(tab)
      for (const number of [...tabs.keys()]) close(browser, number)
      return false
    case 'says':
      return speak(browser, step.tab, step.words)
  }
}

/** A tab that the server stopped stays, so that the browser knows. */
function close({ tabs }: Browser, number: number): void {
  const tab = tabs.get(number)
  if (tab === undefined || tab.state === 'stopped') return
  closeTab(tab)
  tabs.delete(number)
}

function speak({ device, line, random, tabs }: Browser, number: number, words: Words): boolean {
  const tab = tabs.get(number)
  if (tab === undefined || tab.state === 'stopped') return false
  if (words.eventName === 'PageEntered') tab.pageID = uuid(random)
  const event: WireEvent = {
    eventType: words.eventType,
    eventName: words.eventName,
    eventID: timedUuid(random),
    visitID: device.visitID,
    pageID: tab.pageID,
    timestamp: Date.now(),
    url: words.url,
    ...(words.title !== undefined && { title: words.title }),
    data: words.data ?? {},
  }
  line.tally.made += 1
  say(tab, event)
  return true
}
