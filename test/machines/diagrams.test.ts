/** The diagrams in docs/ are what the machine is: drawn again they are the same. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { diagrams, staleDiagrams } from '../../docs/diagrams.ts'
import { stateNodes, transitions } from './definition.ts'

const drawings = suite('diagrams')

drawings('[E3] they are drawn from the machine as it is: else run `npm run diagrams`', () => {
  assert.equal(staleDiagrams(), [])
})

drawings('[E3] every state is drawn, and every transition has a row that says which rule it is', () => {
  const text = diagrams()
    .map((diagram) => diagram.text)
    .join('\n')
  for (const { path } of stateNodes) if (path.length === 2) assert.match(text, `## In \`${path[1]}\``)
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  assert.is(rows.length, transitions.length)
  assert.equal(
    rows.filter((row) => row.endsWith('|  |')),
    [],
  )
})

drawings.run()
