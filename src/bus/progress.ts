/** How far each visitor's changes are published, and which of it has yet to be written down. */
import type { ChangeRow, RelayPlaceRow } from '../store/rows.ts'

/** How far the relay has come: all up to `mark` is published, and `places` are what went ahead of it. */
export interface Progress {
  readonly mark: number
  readonly places: readonly RelayPlaceRow[]
}

export interface ProgressKeeper {
  /** Whether this change is published. */
  readonly includes: (change: ChangeRow) => boolean
  /** This change, and so all before it of its visitor, is published. */
  readonly advance: (change: ChangeRow) => void
  /** What to write down now that all up to `mark` is published; null where the disk has it all. */
  readonly unsaved: (mark: number) => Progress | null
  /** That is on disk now. */
  readonly saved: (progress: Progress) => void
}

/** Begins with what the disk says. */
export function createProgress(from: Progress): ProgressKeeper {
  const places = new Map(from.places.map((place) => [place.number, place]))
  const onDisk = new Map(places)
  let markOnDisk = from.mark

  /** Places that the mark has passed say nothing any more: forgotten here, removed from the disk. */
  function passedBy(mark: number): RelayPlaceRow[] {
    for (const place of places.values()) if (place.position <= mark) places.delete(place.number)
    return [...onDisk.values()]
      .filter(({ number }) => !places.has(number))
      .map(({ number }) => ({ number, position: 0, n: 0 }))
  }

  return {
    includes({ number, position, n }) {
      const place = places.get(number)
      if (place === undefined) return false
      return place.position > position || (place.position === position && place.n >= n)
    },
    advance({ number, position, n }) {
      places.set(number, { number, position, n })
    },
    unsaved(mark) {
      const removed = passedBy(mark)
      const moved = [...places.values()].filter((place) => onDisk.get(place.number) !== place)
      if (mark === markOnDisk && removed.length === 0 && moved.length === 0) return null
      return { mark, places: [...moved, ...removed] }
    },
    saved({ mark, places: written }) {
      markOnDisk = mark
      for (const place of written) {
        if (place.position === 0) onDisk.delete(place.number)
        else onDisk.set(place.number, place)
      }
    },
  }
}
