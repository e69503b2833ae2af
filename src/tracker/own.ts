/** What the tracker needs of the browser and a page may break later: references of its own, taken as it loads. */
import { attempt } from './attempt.ts'

const { parse, stringify } = JSON
const { isArray } = Array
const { call } = Function.prototype

/** A method as a function of its list. */
const own = (method: (...given: never[]) => unknown) => call.bind(method)

export const map: <T, U>(list: readonly T[], make: (item: T) => U) => U[] = own([].map)
export const filter: <T>(list: readonly T[], test: (item: T, index: number) => unknown) => T[] = own(
  [].filter,
)

/** Undefined where there is none, or it is blocked. */
export const Socket = attempt(() => WebSocket)

export { isArray, parse }

/** As JSON. Old libraries teach arrays a `toJSON` by which lists become texts: there they are taken as they are. */
export const toText = (value: unknown): string =>
  stringify(value, 'toJSON' in [] ? listsAsTheyAre : undefined)

function listsAsTheyAre(this: Readonly<Record<string, unknown>>, key: string, given: unknown): unknown {
  return isArray(this[key]) ? this[key] : given
}
