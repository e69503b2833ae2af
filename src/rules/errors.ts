/** What can be wrong with the rules that were configured. */

/** They cannot be used; the message says which, why, and what to do. */
export class RulesRefused extends Error {
  override readonly name = 'RulesRefused'
}
