/** Genesys Web Engagement's spellings of a command, brought to one. */
import type { EventData } from './interface.ts'
import { isArray } from './own.ts'

export interface NamedEvent {
  readonly eventName: string
  readonly data: EventData
  readonly category?: string
}

/** `sendSignIn` is SignIn: the word to cut off. */
const SEND = /^send(?=Sign(In|Out)$|UserInfo$)/

/** The event that a command asks for, or undefined where it asks for none. */
export function eventOf(command: unknown): NamedEvent | undefined {
  const [verb, what, more]: readonly unknown[] = isArray(command) ? command : []
  const isEvent = verb === 'event'
  const name = isEvent ? what : verb
  const options = isEvent ? more : what
  if (typeof name !== 'string') return isEvent ? oldEvent(objectOf(name)) : undefined
  if (SEND.test(name)) return named(name.replace(SEND, ''), options)
  const { data, category } = objectOf(options)
  return isEvent ? named(name, data, category) : undefined
}

/** 8.1 has name and data in one object. */
function oldEvent({ eventName, data, category, ...keys }: EventData): NamedEvent | undefined {
  return typeof eventName === 'string' ? named(eventName, data || keys, category) : undefined
}

function named(eventName: string, data: unknown, category?: unknown): NamedEvent {
  return { eventName, data: objectOf(data), ...(!!category && { category: String(category) }) }
}

/** What the page gave, where it is an object; its keys are checked by the server. */
export function objectOf(value: unknown): EventData {
  return value && typeof value === 'object' ? { ...value } : {}
}
