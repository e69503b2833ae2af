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

export type Command =
  | readonly ['config', TrackerConfig]
  | readonly ['event', string, EventOptions?]
  | readonly ['event', { readonly eventName: string; readonly [key: string]: unknown }]
  | readonly ['sendSignIn' | 'sendSignOut' | 'sendUserInfo', EventData?]
  | readonly ['getIDs', (ids: TrackerIds) => void]
  | readonly ['consent', boolean]
  | readonly ['on', 'connection', (status: ConnectionStatus) => void]
  | readonly ['on', 'identity', (status: IdentityStatus) => void]
  | readonly ['on', 'proof', (request: ProofRequest) => FreshProof | Promise<FreshProof>]

/** The command queue, `_gt`. */
export interface CommandQueue {
  push(...commands: Command[]): number
}
