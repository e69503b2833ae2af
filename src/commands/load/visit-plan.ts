/** What happens during one visit, step by step: pages, tabs, purchases, people who sign in, networks that go. */
import { type Household, type Person, whoComes } from './people.ts'
import type { Random } from './random.ts'

/** What a page says; the browser adds ids and times. */
export interface Words {
  readonly eventType: 'SYSTEM' | 'BUSINESS'
  readonly eventName: string
  readonly url: string
  readonly title?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** Tabs are numbered from 0 within the visit. */
export type Step =
  | { readonly does: 'opensTab'; readonly tab: number }
  | { readonly does: 'closesTab'; readonly tab: number }
  | { readonly does: 'says'; readonly tab: number; readonly words: Words }
  /** Somebody else sits down. */
  | { readonly does: 'sitsDown'; readonly person: Person }
  | { readonly does: 'signsIn'; readonly person: Person }
  | { readonly does: 'losesNetwork' }
  | { readonly does: 'findsNetwork' }
  /** A crash, a flat battery: no goodbye of any kind. */
  | { readonly does: 'vanishes' }

const SHOP = 'https://shop.example'
const PRODUCTS = ['bell', 'bicycle', 'helmet', 'lamp', 'lock', 'pump', 'saddle', 'trailer']
const TABS_MAX = 3

/** Where a visit stands while it is planned. */
interface Scene {
  readonly random: Random
  readonly household: Household
  person: Person
  signedIn: Person | null
  /** The url of each open tab; null = no page yet. */
  readonly tabs: Map<number, string | null>
  tabsOpened: number
  online: boolean
}

/** One visit from the first page to the last; the same random numbers give the same visit. */
export function* planVisit(household: Household, random: Random): Generator<Step, void> {
  const person = whoComes(household, random)
  const scene: Scene = {
    random,
    household,
    person,
    signedIn: null,
    tabs: new Map(),
    tabsOpened: 0,
    online: true,
  }
  yield { does: 'sitsDown', person }
  yield* openTab(scene)
  const start = { screen: random.pick(['1920x1080', '390x844', '1440x900']), timezone: 'Europe/Berlin' }
  yield { does: 'says', tab: 0, words: system('VisitStarted', `${SHOP}/`, start) }
  for (let pages = 1 + random.below(8); pages > 0; pages -= 1) {
    yield* onePage(scene)
    yield* network(scene)
    if (random.chance(0.08)) yield* handOver(scene)
    if (scene.online && scene.tabs.size < TABS_MAX && random.chance(0.12)) yield* openTab(scene)
  }
  if (!scene.online) yield { does: 'findsNetwork' }
  if (random.chance(0.1)) yield { does: 'vanishes' }
  else yield* goodbye(scene)
}

function* openTab(scene: Scene): Generator<Step, void> {
  const tab = scene.tabsOpened
  scene.tabsOpened += 1
  scene.tabs.set(tab, null)
  yield { does: 'opensTab', tab }
}

function* onePage(scene: Scene): Generator<Step, void> {
  const { random } = scene
  const tab = random.pick([...scene.tabs.keys()])
  yield* leavePage(scene, tab)
  const product = random.pick(PRODUCTS)
  const url = random.chance(0.3)
    ? `${SHOP}/`
    : `${SHOP}/products/${product}?from=${random.pick(['home', 'search'])}`
  scene.tabs.set(tab, url)
  yield { does: 'says', tab, words: { ...system('PageEntered', url, {}), title: `The shop: ${product}` } }
  for (let left = random.below(4); left > 0; left -= 1) {
    const eventName = random.pick(['ViewProduct', 'Zoom', 'AddToCart', 'Search', 'ScrollDepth'])
    const data = { sku: `${product}-${random.below(100)}`, price: 10 + random.below(9_000) / 10, count: 1 }
    yield { does: 'says', tab, words: { eventType: 'BUSINESS', eventName, url, data } }
  }
  yield* signInOrOut(scene, tab, url)
}

function* leavePage(scene: Scene, tab: number): Generator<Step, void> {
  const url = scene.tabs.get(tab)
  if (typeof url !== 'string') return
  const data = { durationMs: 500 + scene.random.below(60_000) }
  yield { does: 'says', tab, words: system('PageExited', url, data) }
  scene.tabs.set(tab, null)
}

function* signInOrOut(scene: Scene, tab: number, url: string): Generator<Step, void> {
  const { random, person, signedIn } = scene
  const { identityId, name } = person
  if (signedIn === null && random.chance(person.signsIn / 3)) {
    yield { does: 'says', tab, words: system('SignIn', url, { identityId, name }) }
    yield { does: 'signsIn', person }
    scene.signedIn = person
  } else if (signedIn === null && random.chance(0.05)) {
    yield { does: 'says', tab, words: system('UserInfo', url, { identityId, name }) }
  } else if (signedIn !== null && random.chance(signedIn.signsOut / 4)) {
    yield { does: 'says', tab, words: system('SignOut', url, {}) }
    scene.signedIn = null
  }
}

/** A short break of the network, or one during which things go on happening. */
function* network(scene: Scene): Generator<Step, void> {
  const { random } = scene
  if (!scene.online) {
    if (!random.chance(0.6)) return
    scene.online = true
    yield { does: 'findsNetwork' }
  } else if (random.chance(0.06)) {
    yield { does: 'losesNetwork' }
    if (random.chance(0.5)) yield { does: 'findsNetwork' }
    else scene.online = false
  }
}

/** Somebody else of the household takes the device; nobody signs out for that. */
function* handOver(scene: Scene): Generator<Step, void> {
  const person = scene.random.pick(scene.household)
  if (person === scene.person) return
  scene.person = person
  yield { does: 'sitsDown', person }
  const [tab] = scene.tabs.keys()
  if (tab === undefined || !scene.random.chance(person.signsIn)) return
  const url = `${SHOP}/account`
  const { identityId, name } = person
  yield { does: 'says', tab, words: system('SignIn', url, { identityId, name }) }
  yield { does: 'signsIn', person }
  scene.signedIn = person
}

function* goodbye(scene: Scene): Generator<Step, void> {
  for (const tab of [...scene.tabs.keys()]) {
    yield* leavePage(scene, tab)
    yield { does: 'closesTab', tab }
  }
}

function system(eventName: string, url: string, data: Readonly<Record<string, unknown>>): Words {
  return { eventType: 'SYSTEM', eventName, url, data }
}
