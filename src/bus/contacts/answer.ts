/** What a contact server says of a person: checked, because nobody knows who wrote it. */

export interface Answer {
  readonly contactId: string
  readonly attributes: Readonly<Record<string, unknown>> | null
  /** Its attributes were over the limit, and are left out. */
  readonly isCut: boolean
}

export const CONTACT_ID_LENGTH_MAX = 256
/** Of the attributes as JSON. */
export const ATTRIBUTES_BYTES_MAX = 4 * 1024

/** Reads `{"contactId": "...", "attributes": {...}}`. Throws a sentence that shows nothing of it. */
export function parseAnswer(text: string): Answer {
  const said = parse(text)
  const { contactId, attributes = null } = isObject(said) ? said : {}
  const isId = typeof contactId === 'string' && contactId !== '' && contactId.length <= CONTACT_ID_LENGTH_MAX
  if (!isId) throw new Error(`the answer has no contactId, a text of 1..${CONTACT_ID_LENGTH_MAX} characters`)
  if (attributes === null) return { contactId, attributes, isCut: false }
  if (!isObject(attributes)) throw new Error('the attributes in the answer are no object')
  const isCut = Buffer.byteLength(JSON.stringify(attributes)) > ATTRIBUTES_BYTES_MAX
  return { contactId, attributes: isCut ? null : attributes, isCut }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the answer is no JSON')
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
