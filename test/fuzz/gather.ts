/** `node --import tsx test/fuzz/gather.ts [ROUNDS] [SEED]`: looks for outcomes that the corpus of frames does not hold yet. */
import { JSON_CODEC, MSGPACK_CODEC } from '../../protocol/codec.ts'
import { randomFrom } from '../../src/commands/load/random.ts'
import { corpusOf, keep, outcomeOf, readCorpus, writeCorpus } from './corpus.ts'
import { aFrame, aMessage, mutated } from './wild-messages.ts'

const rounds = Number(process.argv[2] ?? 200_000)
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32)
const random = randomFrom(seed)

for (const codec of [JSON_CODEC, MSGPACK_CODEC]) {
  const name = corpusOf(codec)
  const corpus = readCorpus(name)
  const before = corpus.size
  for (let round = 0; round < rounds; round += 1) {
    const known = [...corpus.values()]
    const isNew = known.length === 0 || random.chance(0.7)
    const frame = mutated(
      isNew ? aFrame(codec, aMessage(random)) : Buffer.from(random.pick(known), 'latin1'),
      random,
    )
    keep(corpus, outcomeOf(codec, frame), Buffer.from(frame).toString('latin1'))
  }
  writeCorpus(name, corpus)
  process.stdout.write(
    `${name}: ${corpus.size} outcomes, ${corpus.size - before} of them new; seed ${seed}\n`,
  )
}
