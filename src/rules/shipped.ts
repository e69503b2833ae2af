/** The rules that come with the server, by name; each is off until the configuration names it. */
import type { Rule } from './contract.ts'
import { lastSignedInHere } from './shipped/last-signed-in-here.ts'
import { linkedByVisit } from './shipped/linked-by-visit.ts'
import { profileMatch } from './shipped/profile-match.ts'

/** What stands before a shipped rule's name where rules are named. */
export const SHIPPED = 'shipped:'

export const SHIPPED_RULES: readonly Rule[] = [lastSignedInHere(), linkedByVisit(), profileMatch()]
