/** `vestibule verify`: a folder with a rich history is in order, and every damage done on purpose is found. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verify } from '../../src/commands/verify.ts'
import { came, event, HOUR, MINUTE, openRoom, signIn, went } from '../visitors/a-room.ts'

const verifying = suite('verify')

verifying('[Q1] a folder with a history is in order', async () => {
  const room = await openRoom()
  await room.record(
    'g1',
    event('VisitStarted'),
    came(),
    event('PageEntered'),
    signIn('pat'),
    event('Viewed'),
    event('SignOut'),
  )
  await room.record(
    'g2',
    event('VisitStarted', { visit: 'w1' }),
    came('w1'),
    event('PageEntered', { page: 'q' }),
    signIn('sam', { visit: 'w1' }),
    event('Viewed'),
  )
  await room.record('g2', went('w1'))
  room.passes(MINUTE)
  await room.says('g2', 'Back', { visit: 'w1' })
  room.passes(HOUR)
  await room.says('g2', 'Late', { visit: 'w1', agoMs: 2 * HOUR })
  await room.restart({ awayMs: HOUR })
  await room.says('g2', 'VisitStarted', { visit: 'w2' })
  await room.close()
  assert.is(await verify(['--data', room.path]), 0)
})

verifying.run()
