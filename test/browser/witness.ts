/** Watches pages from outside: which events the server acknowledged to them, and which it refused. */
import type { BrowserContext, Response, WebSocket } from 'playwright-core'
import type { Ack, SentMessage, ServerMessage, TrackAnswer } from '../../protocol/messages.ts'

export interface Witness {
  /** Watches every page of this window, from now on. */
  watch(context: BrowserContext): void
  /** eventID and eventName of every event that was acknowledged, once each. */
  acknowledged(): ReadonlyMap<string, string>
  /** The visits that they were told for. */
  visitIDs(): ReadonlySet<string>
  /** WebSockets that were tried. */
  opened(): number
  readonly rejected: string[]
}

type Told = readonly { readonly eventID: string; readonly eventName: string; readonly visitID: string }[]

export function openWitness(): Witness {
  const acknowledged = new Map<string, string>()
  const visitIDs = new Set<string>()
  const rejected: string[] = []
  let opened = 0

  function note(told: Told, ack: Ack): void {
    const refused = ack.rejected.map(({ eventID }) => eventID)
    rejected.push(...ack.rejected.map(({ code, message: why }) => `${code}: ${why}`))
    if (ack.visitID) visitIDs.add(ack.visitID)
    for (const { eventID, eventName, visitID } of told) {
      if (refused.includes(eventID)) continue
      acknowledged.set(eventID, eventName)
      visitIDs.add(visitID)
    }
  }

  function watchSocket(socket: WebSocket): void {
    const batches = new Map<number, Told>()
    opened += 1
    socket.on('framesent', ({ payload }) => {
      const message = JSON.parse(String(payload)) as SentMessage
      if (message.type === 'events') batches.set(message.id, message.events)
    })
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(String(payload)) as ServerMessage
      if (message.type === 'ack') note(batches.get(message.id) ?? [], message)
    })
  }

  /** Of requests that the page waits for; nobody sees the answer to a beacon. */
  async function watchAnswer(response: Response): Promise<void> {
    const request = response.request()
    if (request.resourceType() !== 'fetch' || !request.url().endsWith('/track') || !response.ok()) return
    const { events } = JSON.parse(request.postData() ?? '{}') as { readonly events?: Told }
    const { ack } = (await response.json()) as TrackAnswer
    note(events ?? [], ack)
  }

  return {
    watch(context) {
      context.on('page', (page) => page.on('websocket', watchSocket))
      // A page that has gone since has seen no answer either.
      context.on('response', (response) => void watchAnswer(response).catch(() => undefined))
    },
    acknowledged: () => acknowledged,
    visitIDs: () => visitIDs,
    opened: () => opened,
    rejected,
  }
}
