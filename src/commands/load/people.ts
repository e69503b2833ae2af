/** Who sits at which device: households of one to four people who share one to three browsers. */
import type { Random } from './random.ts'

export interface Person {
  readonly identityId: string
  readonly name: string
  /** How likely a visit of this person has a sign-in, and then a sign-out. */
  readonly signsIn: number
  readonly signsOut: number
}

/** The people who use one device, its owner first. */
export type Household = readonly [Person, ...Person[]]

const GIVEN = ['Ada', 'Bob', 'Carla', 'Dev', 'Elif', 'Farid', 'Grete', 'Hugo', 'Ines', 'Jun', 'Kofi', 'Lena']
const FAMILY = ['Adler', 'Brandt', 'Costa', 'Demir', 'Eriksen', 'Ferrari', 'Gupta', 'Haddad', 'Ito', 'Jansen']

/** One household for each of `devices` devices; devices of one home have the same people, each its own owner. */
export function settle(devices: number, random: Random): readonly Household[] {
  const homes: Household[] = []
  for (let home = 1; homes.length < devices; home += 1) {
    const family = random.pick(FAMILY)
    const people = Array.from({ length: 1 + random.below(4) }, (_, index) =>
      aPerson(family, home, index, random),
    )
    const shared = Math.min(1 + random.below(3), devices - homes.length)
    for (let device = 0; device < shared; device += 1) homes.push(ownedBy(people, device))
  }
  return homes
}

/** Three visits in four are the owner's. */
export function whoComes(household: Household, random: Random): Person {
  return random.chance(0.75) ? household[0] : random.pick(household)
}

function aPerson(family: string, home: number, index: number, random: Random): Person {
  const given = random.pick(GIVEN)
  return {
    identityId: `${given}.${family}.${home}-${index}@example.com`.toLowerCase(),
    name: `${given} ${family}`,
    signsIn: 0.1 + 0.8 * random.next(),
    signsOut: 0.6 * random.next(),
  }
}

function ownedBy(people: readonly Person[], device: number): Household {
  const at = device % people.length
  const [owner, ...others] = [...people.slice(at), ...people.slice(0, at)]
  if (owner === undefined) throw new Error('a household has nobody in it')
  return [owner, ...others]
}
