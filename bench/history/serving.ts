/** A server over a filled folder, for as long as something is done with it. */
import { type ServerProcess, startServerProcess } from '../server-process.ts'
import type { Folder } from './folders.ts'
import { KEYS } from './pages.ts'

export async function withServer<T>(
  folder: Pick<Folder, 'path'>,
  work: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const server = await startServerProcess('ours', { ...KEYS, VESTIBULE_DATA: folder.path })
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}
