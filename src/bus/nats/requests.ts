/** Requests over NATS: a micro service, so that `nats micro ls|info|stats|ping` show it. */
import { headers, Match, type NatsConnection, type Service, type ServiceMsg } from 'nats'
import type { BusReply, RequestService } from '../bus.ts'
import { type BusLog, reasonOf } from '../log.ts'
import type { Connection } from './connection.ts'

/** Serves on each client that the connection makes; the result stops it. */
export function serveRequests(
  connection: Connection,
  service: RequestService,
  log: BusLog,
): () => Promise<void> {
  let served: Promise<Service | null> = Promise.resolve(null)

  const stopListening = connection.onClient((nats) => {
    served = addService(nats, service, log).catch((error: unknown) => {
      log.error({ reason: reasonOf(error) }, 'requests over NATS cannot be served on this connection')
      return null
    })
  })

  return async () => {
    stopListening()
    await (await served)?.stop()
  }
}

async function addService(nats: NatsConnection, service: RequestService, log: BusLog): Promise<Service> {
  const { name, version, description, group, endpoints } = service
  const added = await nats.services.add({ name, version, description })
  const inGroup = added.addGroup(group)
  for (const endpoint of endpoints) {
    inGroup.addEndpoint(endpoint, (fault, message) => {
      if (fault === null) void answer(message, endpoint, { service, log })
    })
  }
  void added.stopped.then((fault) => {
    if (fault !== null) log.error({ reason: reasonOf(fault) }, 'requests over NATS are not served any more')
  })
  return added
}

async function answer(
  message: ServiceMsg,
  endpoint: string,
  { service, log }: { readonly service: RequestService; readonly log: BusLog },
): Promise<void> {
  const authorization = message.headers?.get('Authorization', Match.IgnoreCase)
  const reply = await service.answer(endpoint, {
    authorization: authorization === '' ? undefined : authorization,
    bytes: message.data,
  })
  try {
    respond(message, reply)
  } catch (error) {
    log.warn({ endpoint, reason: reasonOf(error) }, 'a request over NATS could not be answered')
  }
}

function respond(message: ServiceMsg, { status, title, bytes, contentType }: BusReply): void {
  const header = headers()
  header.set('content-type', contentType)
  if (status < 400) message.respond(bytes, { headers: header })
  else message.respondError(status, title, bytes, { headers: header })
}
