/** What a site says to the tracker and what it hears back: the public types of `tracker.mjs`. Types only. */

/** The options of `['config', {...}]`; every one may be left out. */
export interface TrackerConfig {
  /** Where the Vestibule server is, e.g. `https://engage.example`. Default: where the script came from. */
  readonly endpoint?: string
  /** Default: the page's `<html lang>`, else the browser's language. */
  readonly languageCode?: string
  /** `required`: nothing is stored or sent before `['consent', true]`. Default `implied`. */
  readonly consent?: 'required' | 'implied'
  /** `manual`: the site pushes PageEntered and PageExited itself. Default `auto`. */
  readonly pages?: 'auto' | 'manual'
  /** Keeps the visitor's id in a cookie of this domain, so that its subdomains share it. */
  readonly cookieDomain?: string
  /** Query parameters that pages' addresses keep, by name; `#` stands for the fragment. Default: none is kept. */
  readonly keepQuery?: readonly string[]
  /** `false`: e-mail addresses and card numbers are not masked in addresses, titles and data. Default true. */
  readonly mask?: boolean
  /** A browser that sends Do Not Track or Global Privacy Control is not tracked unless it consents. Default false. */
  readonly honourSignals?: boolean
  /** How many events wait for the server at most; the oldest BUSINESS events go first. Default 2,000. */
  readonly queueEvents?: number
  /** How many bytes they take at most, as JSON. Default 1,048,576: a fifth of what localStorage holds. */
  readonly queueBytes?: number
  /** Says on the console what happens. Default false. */
  readonly debug?: boolean
}

export type EventData = Readonly<Record<string, unknown>>

/** The second part of `['event', name, {...}]`. */
export interface EventOptions {
  readonly data?: EventData
  /** Categories, joined by `;`. */
  readonly category?: string
}

/** What `['getIDs', fn]` hands over. */
export interface TrackerIds {
  readonly globalVisitID: string
  readonly visitID: string
  readonly pageID: string
  /** Events that this tab had to give up because its queue was full. */
  readonly dropped: number
}

/** Told to `['on', 'connection', fn]` at every change. */
export interface ConnectionStatus {
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed' | 'stopped'
  /** Events that the server has not acknowledged yet. */
  readonly queued: number
  readonly dropped: number
}

/** Told to `['on', 'identity', fn]`: at each hello, and at changes where the server is set to tell them. */
export interface IdentityStatus {
  readonly state: string
  readonly identityId?: string
}

/** Asked of `['on', 'proof', fn]`: the server refused this sign-in's proof, or its proof is gone. */
export interface ProofRequest {
  readonly eventName: string
  readonly data: EventData
}

/** The answer: what to put in `data` instead. */
export interface FreshProof {
  readonly proof: string
  readonly expiresAt?: number
}

/** Of `['on', channel, fn]`: called with the data of each notification of that channel; name its type yourself. */
export type NotificationHandler = (data: never) => void

/** An event that is told by what happens on the page, instead of by a script of the site. */
export interface DeclaredEvent {
  /** The event's name. */
  readonly name: string
  /** A DOM event, e.g. `click`, `submit`, `change`. */
  readonly on?: string
  /** CSS: what the DOM event must happen on, or within. Default: anything. */
  readonly selector?: string
  /** Instead of `on`: so many seconds on the page. */
  readonly after?: number
  /** Only on pages like this: a path, or a whole address without query and fragment; `*` stands for anything. */
  readonly url?: string
  /** How often it must have happened on this page before it is told. Default 1. */
  readonly count?: number
  /** Told once a page, at most; always so with `after`. */
  readonly once?: boolean
  /** Counts only while the page has the focus. */
  readonly focus?: boolean
  readonly category?: string
  /** The event's data: what to read from the page at that moment. */
  readonly values?: Readonly<Record<string, DeclaredValue>>
}

/** The text or an attribute of an element; `attribute: 'value'` is what a field holds now. */
export interface DeclaredValue {
  /** CSS; default: what `selector` of the event found. */
  readonly selector?: string
  readonly attribute?: string
}

export type Command =
  | readonly ['config', TrackerConfig]
  | readonly ['event', string, EventOptions?]
  | readonly ['event', { readonly eventName: string; readonly [key: string]: unknown }]
  | readonly ['sendSignIn' | 'sendSignOut' | 'sendUserInfo', EventData?]
  | readonly ['getIDs', (ids: TrackerIds) => void]
  | readonly ['consent', boolean]
  | readonly ['on', string, NotificationHandler]
  | readonly ['on', 'connection', (status: ConnectionStatus) => void]
  | readonly ['on', 'identity', (status: IdentityStatus) => void]
  /** Declarations, the address of a JSON file that has them, or nothing for the default set. */
  | readonly ['dsl', (readonly DeclaredEvent[] | string)?]
  | readonly ['on', 'proof', (request: ProofRequest) => FreshProof | Promise<FreshProof>]

/** The command queue, `_gt`. */
export interface CommandQueue {
  push(...commands: Command[]): number
}
