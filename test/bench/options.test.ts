/** The command line of the benches. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_PARTS, type Options, PARTS, readOptions } from '../../bench/options.ts'

const options = suite("the benches' options")

function read(...args: readonly string[]): Options {
  const read = readOptions(args)
  if (read === null || !('parts' in read)) throw new Error(`no options: ${JSON.stringify(read)}`)
  return read
}

options('none given: the parts that are quick, three rounds, the full sizes of the others', () => {
  const { parts, rounds, connections, steps, hot, visitors, keep } = read()
  assert.equal(parts, DEFAULT_PARTS)
  assert.is(rounds, 3)
  assert.equal(connections, [20, 200, 2_000, 'most'])
  assert.equal(steps, [100_000, 1_000_000, 10_000_000])
  assert.equal([hot, visitors, keep], [1_000_000, 1_000_000, null])
})

options('a quick run is one round of little', () => {
  const { rounds, connections, steps, hot } = read('growth', '--quick')
  assert.equal([rounds, connections, steps, hot], [1, [20, 200], [100_000], 100_000])
})

options('a load is as long as is asked for, in peers too; else shorter there', () => {
  const times = (...args: readonly string[]) => [read(...args).measureMs, read(...args).peersMs]
  assert.equal(times(), [4_000, 2_000])
  assert.equal(times('--quick'), [2_000, 2_000])
  assert.equal(times('--seconds', '7'), [7_000, 7_000])
  assert.equal(readOptions(['--seconds', '0.5']), ['--seconds must be a whole number, 1 or more, got "0.5"'])
})

options('steps and connections are what is asked for', () => {
  assert.equal(read('growth', '--steps', '1000,50000').steps, [1_000, 50_000])
  assert.equal(read('peers', '--connections', '20,most').connections, [20, 'most'])
  assert.is(read('history', '--keep', '/data/filled').keep, '/data/filled')
})

options('everything wrong is said, each in a sentence', () => {
  assert.equal(readOptions(['speeed', '--rounds', '0', '--hot', 'many']), [
    `"speeed" is none of ${PARTS.join(', ')}`,
    '--rounds must be a whole number, 1 or more, got "0"',
    '--hot must be a whole number, 1 or more, got "many"',
  ])
  for (const steps of ['10,5', '10,10', '1,,2', 'most', '0', '']) {
    assert.equal(readOptions(['--steps', steps]), [
      `--steps must be rising whole numbers, separated by commas, got "${steps}"`,
    ])
  }
  assert.match(String(readOptions(['--fast'])), /Unknown option '--fast'/)
})

options('help is help, whatever else is asked', () => {
  assert.is(readOptions(['--help', 'nothing-known']), null)
})

options.run()
