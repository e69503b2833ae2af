/** Who is measured, and what each promises by an acknowledgement. */
import { startPostgresPeer } from './peers/postgres.ts'
import { startWorkerdPeer } from './peers/workerd.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export type Contender = 'floor' | 'ours' | 'postgres' | 'workerd'

/** Their names in a table. */
export const TITLES: Readonly<Record<Contender, string>> = {
  floor: 'floor: ws + JSON',
  ours: 'vestibule',
  postgres: 'ws + PostgreSQL',
  workerd: 'workerd + SQLite',
}

export const DURABILITY: Readonly<Record<Contender, string>> = {
  floor: 'memory',
  ours: 'fsync before ack',
  postgres: 'fsync before ack',
  workerd: 'fsync before ack',
}

/** Starts one; `settings` are ours alone. */
export async function startContender(
  contender: Contender,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  switch (contender) {
    case 'floor':
      return await startServerProcess(contender)
    case 'ours':
      return await startServerProcess(contender, settings)
    case 'postgres':
      return await startPostgresPeer()
    case 'workerd':
      return await startWorkerdPeer()
  }
}
