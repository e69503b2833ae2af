/** Who knows the contact of a person: we ourselves, somebody on NATS, or somebody over HTTP. */
import { randomUUID } from 'node:crypto'
import { type Config, ConfigError } from '../../config.ts'
import type { Bus } from '../bus.ts'
import { type Answer, parseAnswer } from './answer.ts'

/** What is asked of a contact server. */
export interface Question {
  readonly identityId: string
  readonly profile: Readonly<Record<string, unknown>>
}

/** Rejects with a sentence that holds nothing personal or secret; ends within a few seconds. */
export type Resolve = (question: Question) => Promise<Answer>

export interface ResolverParts {
  readonly config: Pick<
    Config,
    'contactsResolver' | 'contactsSubject' | 'contactsUrl' | 'contactsToken' | 'natsUrl'
  >
  /** Null where there is no NATS. */
  readonly bus: Pick<Bus, 'request'> | null
}

const ANSWER_MS = 5_000
/** Of an answer no more is read: attributes are at most 4 KiB, and an id is short. */
const ANSWER_BYTES_MAX = 16 * 1024

/** The resolver that is configured. Throws `ConfigError` where it cannot be asked. */
export function createResolver({ config, bus }: ResolverParts): Resolve {
  switch (config.contactsResolver) {
    case 'local':
      return async () => ({ contactId: randomUUID(), attributes: null, isCut: false })
    case 'nats':
      if (bus === null) throw new ConfigError('VESTIBULE_CONTACTS_RESOLVER is nats: set NATS_URL too')
      return (question) => askBus(bus, config.contactsSubject, question)
    case 'http':
      return askerOf(readUrl(config.contactsUrl), config.contactsToken)
  }
}

async function askBus(bus: Pick<Bus, 'request'>, subject: string, question: Question): Promise<Answer> {
  const bytes = Buffer.from(JSON.stringify(question))
  return parseAnswer(Buffer.from(await bus.request({ subject, bytes, answerMs: ANSWER_MS })).toString('utf8'))
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url !== null && isHttp && url.username === '' && url.password === '') return url
  throw new ConfigError(
    'VESTIBULE_CONTACTS_URL is not right; expected https://host/path, with no user or password in it (VESTIBULE_CONTACTS_TOKEN is sent as a Bearer token)',
  )
}

function askerOf(url: URL, token: string): Resolve {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
  }
  return async (question) => {
    // A redirect would take the person, and the token, to a place that nobody configured.
    const response = await fetch(url, {
      ...{ method: 'POST', headers, redirect: 'error', body: JSON.stringify(question) },
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (response.ok) return parseAnswer(await readText(response))
    await response.body?.cancel()
    throw new Error(`the contact server answered with status ${response.status}`)
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop ends the body.
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX)
      throw new Error(`the contact server's answer is over ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
