// Whether the store can write, and why not: a quota, a full disk, a failed write; it goes on by itself (Q2).
import { statfs } from 'node:fs/promises'

export interface Bounds {
  readonly path: string
  /** 0 = what the disk has. */
  readonly quotaBytes: number
  /** Bytes of the disk that are left free. */
  readonly diskReserveBytes: number
}

export interface Writing extends Bounds {
  /** Bytes that rows take now. */
  usedBytes(): number
  /** Writes something small; rejects where that is not possible. */
  tryWrite(): Promise<void>
}

export interface Availability {
  /** Null when it can write, else why not and what to do. */
  reason(): string | null
  recovered(): Promise<void>
  /** So many bytes were written: looks at the room left once in a while. */
  wrote(bytes: number): void
  /** A write failed: nothing is written until a trial succeeds. */
  failed(error: unknown): void
  /** It cannot write any more: nothing is tried again. */
  broke(why: string): void
  /** Looks at the room left now. */
  look(): Promise<void>
  stop(): void
}

/** The room left is looked at after so many bytes or ms of writing, whichever comes first. */
const LOOK_BYTES = 8 * 1024 * 1024
const LOOK_MS = 250
/** Where it cannot write it tries again after this, the first time at once. */
const RETRY_MS = 250

export function createAvailability(writing: Writing): Availability {
  let reason: string | null = null
  let waiting: (() => void)[] = []
  let bytesSince = 0
  let lookedAt = performance.now()
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  let isBroken = false

  function goAway(why: string): void {
    const known = reason !== null
    if (!isBroken) reason = why
    if (!known) retryIn(0)
  }

  function retryIn(ms: number): void {
    if (stopped || isBroken) return
    retry = setTimeout(() => void tryAgain(), ms)
    retry.unref()
  }

  async function tryAgain(): Promise<void> {
    const why = (await noRoom(writing)) ?? (await failureOf(writing.tryWrite()))
    if (stopped || isBroken) return
    reason = why
    if (why !== null) return retryIn(RETRY_MS)
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }

  async function look(): Promise<void> {
    bytesSince = 0
    lookedAt = performance.now()
    const why = await noRoom(writing)
    if (why !== null && !stopped) goAway(why)
  }

  return {
    reason: () => (stopped ? 'the store is closed' : reason),
    recovered: () =>
      reason === null ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve)),
    wrote(bytes) {
      bytesSince += bytes
      if (bytesSince >= LOOK_BYTES || performance.now() - lookedAt >= LOOK_MS) void look()
    },
    failed: (error) => goAway(explain(error)),
    broke(why) {
      isBroken = true
      reason = why
    },
    look,
    stop() {
      stopped = true
      clearTimeout(retry)
    },
  }
}

/** Why there is no room, or null. */
async function noRoom({ path, quotaBytes, diskReserveBytes, usedBytes }: Writing): Promise<string | null> {
  const used = usedBytes()
  if (quotaBytes > 0 && used >= quotaBytes) {
    return `the store takes ${used} bytes of the ${quotaBytes} it may: raise VESTIBULE_QUOTA_BYTES, or keep less`
  }
  try {
    const { bavail, bsize } = await statfs(path)
    if (bavail * bsize >= diskReserveBytes) return null
    return (
      `the disk of ${path} has ${bavail * bsize} bytes free, and ${diskReserveBytes} are to stay free: ` +
      'make room, or lower VESTIBULE_DISK_RESERVE_BYTES'
    )
  } catch (error) {
    return explain(error)
  }
}

async function failureOf(write: Promise<void>): Promise<string | null> {
  try {
    await write
    return null
  } catch (error) {
    return explain(error)
  }
}

function explain(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  return `the store cannot write (${said}): see whether its disk is full, read-only or broken`
}
