/** `tracker-dsl.js`: takes the declarations that wait for it, and those that come. It talks to `_gt` as a site does. */
import type { Command, ConnectionStatus, EventOptions, TrackerIds } from '../interface.ts'
import { DEFAULT_SET, readDeclared } from './declared.ts'
import { makeWatch } from './watching.ts'

const push = (command: Command): void => {
  window._gt?.push(command)
}
/** With `debug` the tracker says on the console what was no command. A boundary: this is none. */
const report = (problem: unknown): void => push(['declared', problem] as never)

let isRunning = false
const look = (): void => {
  if (isRunning) push(['getIDs', ({ pageID }: TrackerIds) => watch.turn(pageID)])
}
const watch = makeWatch({
  look,
  report,
  tell(name: string, options: EventOptions) {
    if (isRunning) push(['event', name, options])
  },
})

/** After a withdrawal nothing is told, and after another consent it goes on. */
push([
  'on',
  'connection',
  ({ state }: ConnectionStatus) => {
    isRunning = state !== 'stopped'
  },
])

/** A list of declarations, the address of a JSON that is one, or nothing: the default set. */
function declare(given: unknown): void {
  if (typeof given === 'string') {
    fetch(given)
      .then((answer) => answer.json())
      .then(declare)
      .catch(report)
  } else watch.add(readDeclared(given || DEFAULT_SET, report))
}

const waiting = window._gtDsl
window._gtDsl = { push: declare }
if (Array.isArray(waiting)) for (const given of waiting) declare(given)
