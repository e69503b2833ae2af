/** The corpus: for each outcome that fuzzing has met, the shortest input that leads to it, one a line, kept in `corpus/`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Codec, JSON_CODEC } from '../../protocol/codec.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { WIRE_LIMITS } from '../../protocol/limits.ts'
import { checkClientMessage } from '../../protocol/messages.ts'

export type CorpusName = 'json' | 'msgpack' | 'requests'

/** Longer ones tell nothing that a test of their limit does not. */
const LONGEST = 3_000

/** The inputs by their outcomes; bytes are one character each. */
export function readCorpus(name: CorpusName): Map<string, string> {
  const file = fileOf(name)
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  return new Map(
    lines.map((line): [string, string] => {
      const [outcome = '', input = '""'] = line.split('\t')
      return [outcome, JSON.parse(input)]
    }),
  )
}

/** Keeps an input where its outcome is new, or it is the shortest. */
export function keep(corpus: Map<string, string>, outcome: string, input: string): void {
  const known = corpus.get(outcome)
  const isShorter = known === undefined || input.length < known.length
  if (isShorter && input.length <= LONGEST) corpus.set(outcome, input)
}

export function writeCorpus(name: CorpusName, corpus: ReadonlyMap<string, string>): void {
  const lines = Array.from(corpus, ([outcome, input]) => `${outcome}\t${printable(input)}`)
  writeFileSync(fileOf(name), `${lines.sort().join('\n')}\n`)
}

export const corpusOf = ({ subprotocol }: Codec): 'json' | 'msgpack' =>
  subprotocol === JSON_CODEC.subprotocol ? 'json' : 'msgpack'

/** What becomes of a frame, without the values in it; throws what is no `ProtocolError`. */
export function outcomeOf(codec: Codec, frame: Uint8Array): string {
  try {
    const message = checkClientMessage(codec.decode(frame), WIRE_LIMITS)
    if (message.type !== 'events') return message.type
    const fault = message.events.find((checked) => !checked.ok)
    return `events: ${fault === undefined || fault.ok ? 'all kept' : told(fault.rejection.message)}`
  } catch (error) {
    if (error instanceof ProtocolError) return told(error.message)
    throw error
  }
}

/** What a message says must be, without what was got instead. */
function told(message: string): string {
  const [rule = ''] = message.split(', got')
  return rule.replace(/"[^"]*"/g, '"..."').replace(/\d+/g, 'N')
}

function printable(input: string): string {
  return JSON.stringify(input).replace(/[\u007f-\uffff]/g, (letter) => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function fileOf(name: CorpusName): string {
  return fileURLToPath(new URL(`corpus/${name}.txt`, import.meta.url))
}
