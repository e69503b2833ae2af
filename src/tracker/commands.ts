/** Genesys Web Engagement's spellings of a command, brought to one. */
import type { EventData } from './interface.ts'

export interface NamedEvent {
  readonly eventName: string
  readonly data: EventData
  readonly category?: string
}

/** `sendSignIn` is SignIn: the word to cut off. */
const SEND = /^send(?=Sign(In|Out)$|UserInfo$)/

/** The event that a command asks for, or undefined where it asks for none. */
export function eventOf([verb, what, more]: readonly unknown[]): NamedEvent | undefined {
  const isEvent = verb === 'event'
  const name = isEvent ? what : verb
  const options = isEvent ? more : what
  if (typeof name !== 'string') return isEvent ? oldEvent(objectOf(name)) : undefined
  const sent = name.replace(SEND, '')
  if (sent !== name) return named(sent, options)
  const { data, category } = objectOf(options)
  return isEvent ? named(name, data, category) : undefined
}

/** 8.1 has name and data in one object. */
const oldEvent = ({ eventName, data, category, ...keys }: EventData): NamedEvent | undefined =>
  typeof eventName === 'string' ? named(eventName, data || keys, category) : undefined

const named = (eventName: string, data: unknown, category?: unknown): NamedEvent => ({
  eventName,
  data: objectOf(data),
  ...(category ? { category: String(category) } : {}),
})

/** What the page gave, where it is an object; its keys are checked by the server. */
export const objectOf = (value: unknown): EventData =>
  value && typeof value === 'object' ? { ...value } : {}
