/** What a command writes and answers, run in this process: kept, not shown. */
export async function said(run: () => Promise<number>) {
  const told = { out: '', err: '' }
  const { stdout, stderr } = process
  const write = { out: stdout.write, err: stderr.write }
  stdout.write = (text: string | Uint8Array): boolean => {
    told.out += String(text)
    return true
  }
  stderr.write = (text: string | Uint8Array): boolean => {
    told.err += String(text)
    return true
  }
  try {
    const code = await run()
    return { code, ...told }
  } finally {
    stdout.write = write.out
    stderr.write = write.err
  }
}
