/** The one table of what can be configured: key, default, check, meaning. Read once, at the start. */
import { readFileSync } from 'node:fs'
import { WIRE_LIMITS } from '../protocol/limits.ts'

/** What was wrong with the configuration, with what, and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

interface Option<T> {
  readonly key: string
  readonly says: string
  readonly fallback: T
  /** How the value is written: shown by `--help`. */
  readonly form: string
  /** The value, or a sentence that says what is expected. */
  readonly parse: (text: string) => T | ConfigError
  /** Never shown. */
  readonly secret?: true
}

const expected = (what: string): ConfigError => new ConfigError(what)

function whole(
  key: string,
  says: string,
  fallback: number,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): Option<number> {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least}..${most}`
  return {
    key,
    says,
    fallback,
    form: `a whole number, ${bounds}`,
    parse: (text) => {
      const value = Number(text)
      const fits = /^\d{1,16}$/.test(text) && value >= least && value <= most
      return fits ? value : expected(`a whole number, ${bounds}`)
    },
  }
}

function share(key: string, says: string, fallback: number): Option<number> {
  return {
    key,
    says,
    fallback,
    form: 'a number, 0..1',
    parse: (text) => {
      const value = Number(text)
      return text.trim() !== '' && value >= 0 && value <= 1 ? value : expected('a number, 0..1')
    },
  }
}

function text(key: string, says: string, fallback: string, secret?: true): Option<string> {
  return { key, says, fallback, form: 'text', parse: (value) => value, ...(secret ? { secret } : {}) }
}

function flag(key: string, says: string, fallback: boolean): Option<boolean> {
  return {
    key,
    says,
    fallback,
    form: 'true or false',
    parse: (value) => (value === 'true' ? true : value === 'false' ? false : expected('true or false')),
  }
}

function oneOf<const T extends string>(
  key: string,
  says: string,
  fallback: T,
  choices: readonly T[],
): Option<T> {
  return {
    key,
    says,
    fallback,
    form: choices.join(' | '),
    parse: (value) => choices.find((choice) => choice === value) ?? expected(`one of ${choices.join(', ')}`),
  }
}

function list(key: string, says: string): Option<readonly string[]> {
  return {
    key,
    says,
    fallback: [],
    form: 'a list, separated by commas',
    parse: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
  }
}

const STRATEGIES = ['non-identified', 'identified', 'verify'] as const

/** Every option, in the order `--help` prints it. */
export const OPTIONS = {
  port: whole('VESTIBULE_PORT', 'port to listen on; 0 takes a free one', 8080, 0, 65_535),
  host: text('VESTIBULE_HOST', 'address to listen on; another than loopback needs keys', '127.0.0.1'),
  data: text('VESTIBULE_DATA', 'folder that holds the store', './data'),
  quotaBytes: whole(
    'VESTIBULE_QUOTA_BYTES',
    'the store takes no more bytes than this; 0 = what the disk has',
    0,
  ),
  diskReserveBytes: whole(
    'VESTIBULE_DISK_RESERVE_BYTES',
    'bytes of the disk that are left free',
    64 * 1024 * 1024,
  ),
  keys: text(
    'VESTIBULE_KEYS',
    'keys to the History API: name:secret:scope+scope, separated by commas',
    '',
    true,
  ),
  keysFile: text('VESTIBULE_KEYS_FILE', 'a file of such keys, one a line; added to VESTIBULE_KEYS', ''),
  accessJwks: text('VESTIBULE_ACCESS_JWKS', 'JWTs are keys too; URL of the keys that check them', ''),
  accessIssuer: text('VESTIBULE_ACCESS_ISS', 'the `iss` such a JWT must have', ''),
  accessAudience: text('VESTIBULE_ACCESS_AUD', 'the `aud` such a JWT must have', ''),
  historyOrigins: list('VESTIBULE_HISTORY_ORIGINS', "origins whose pages may ask: agents' desktops"),
  auditFile: text('VESTIBULE_AUDIT_FILE', 'the audit log; empty = audit.log in the data folder', ''),
  origins: list('VESTIBULE_ORIGINS', 'origins whose pages may track; none = the local names only'),
  trustedProxies: list('VESTIBULE_TRUSTED_PROXIES', 'addresses or CIDR ranges whose X-Forwarded-For counts'),
  consentErases: flag('VESTIBULE_CONSENT_ERASES', 'a device whose consent is withdrawn is erased', false),
  tellBrowser: flag('VESTIBULE_TELL_BROWSER', 'tell the browser when its identity state changes', false),
  identitySecret: text(
    'VESTIBULE_IDENTITY_SECRET',
    'sign-ins need an HMAC proof made with this secret',
    '',
    true,
  ),
  identityJwks: text('VESTIBULE_IDENTITY_JWKS', 'sign-ins need a JWT; URL of the keys that check it', ''),
  identityIssuer: text('VESTIBULE_IDENTITY_ISS', 'the `iss` such a JWT must have', ''),
  identityAudience: text('VESTIBULE_IDENTITY_AUD', 'the `aud` such a JWT must have', ''),
  proofs: oneOf('VESTIBULE_PROOFS', 'refuse what is not proven, or only count it', 'require', [
    'require',
    'report',
  ]),
  proofWithoutExpiry: flag('VESTIBULE_PROOF_WITHOUT_EXPIRY', 'also take HMAC(secret, identityId)', false),
  proofLateMs: whole(
    'VESTIBULE_PROOF_LATE_MS',
    'how long after its expiry a proof is taken for an older event',
    3_600_000,
  ),
  noIdentities: list(
    'VESTIBULE_NO_IDENTITIES',
    'more identityIds that name nobody, beside `guest`, `null`...',
  ),

  leaveGraceMs: whole('VESTIBULE_LEAVE_GRACE_MS', 'a visit without a socket ends after this', 30_000),
  restartGraceMs: whole(
    'VESTIBULE_RESTART_GRACE_MS',
    'after a start, visits wait this long for their browsers',
    90_000,
  ),
  visitIdleMs: whole('VESTIBULE_VISIT_IDLE_MS', 'a visit without an event ends after this', 1_800_000, 1),
  visitMaxMs: whole('VESTIBULE_VISIT_MAX_MS', 'a visit ends after this', 86_400_000, 1),
  confidenceSignedOut: share('VESTIBULE_CONFIDENCE_SIGNED_OUT', 'how sure we are of one who signed out', 0.9),
  confidenceUserInfo: share(
    'VESTIBULE_CONFIDENCE_USER_INFO',
    'how sure we are of one the site recognised',
    0.8,
  ),
  confidenceConfirmed: share(
    'VESTIBULE_CONFIDENCE_CONFIRMED',
    'how sure we are of one an agent confirmed',
    1,
  ),
  interactionAnonymous: oneOf(
    'VESTIBULE_INTERACTION_ANONYMOUS',
    'strategy for Anonymous',
    'non-identified',
    STRATEGIES,
  ),
  interactionAuthenticated: oneOf(
    'VESTIBULE_INTERACTION_AUTHENTICATED',
    'strategy for Authenticated',
    'identified',
    STRATEGIES,
  ),
  interactionConfirmed: oneOf(
    'VESTIBULE_INTERACTION_CONFIRMED',
    'strategy for Recognized, confirmed',
    'identified',
    STRATEGIES,
  ),
  interactionRecognized: oneOf(
    'VESTIBULE_INTERACTION_RECOGNIZED',
    'strategy for other Recognized',
    'verify',
    STRATEGIES,
  ),
  interactionWmRecognized: oneOf(
    'VESTIBULE_INTERACTION_WM_RECOGNIZED',
    'strategy for WM-Recognized',
    'verify',
    STRATEGIES,
  ),

  leasesPerVisit: whole('VESTIBULE_LEASES_PER_VISIT', 'engines that may engage one visit at once', 1, 1),

  frameBytes: whole('VESTIBULE_FRAME_BYTES', 'bytes of one message', WIRE_LIMITS.frameBytes, 1_024),
  batchEvents: whole('VESTIBULE_BATCH_EVENTS', 'events of one batch', WIRE_LIMITS.batchEvents, 1),
  dataBytes: whole('VESTIBULE_DATA_BYTES', "bytes of one event's data", WIRE_LIMITS.dataBytes, 2),
  dataLevels: whole('VESTIBULE_DATA_LEVELS', "levels of one event's data", WIRE_LIMITS.dataLevels, 1, 64),
  urlLength: whole('VESTIBULE_URL_LENGTH', 'characters of a url or referrer', WIRE_LIMITS.urlLength, 1),
  titleLength: whole('VESTIBULE_TITLE_LENGTH', 'characters of a title', WIRE_LIMITS.titleLength, 1),
  inFlight: whole(
    'VESTIBULE_IN_FLIGHT',
    'batches of one connection not acknowledged yet',
    WIRE_LIMITS.inFlight,
    1,
  ),
  eventsPerSecond: whole(
    'VESTIBULE_EVENTS_PER_SECOND',
    'events a second of one connection',
    WIRE_LIMITS.eventsPerSecond,
    1,
  ),
  eventsBurst: whole(
    'VESTIBULE_EVENTS_BURST',
    'events of one connection at once',
    WIRE_LIMITS.eventsBurst,
    1,
  ),
  overRateMs: whole(
    'VESTIBULE_OVER_RATE_MS',
    'over the rate for so long: the connection is closed',
    WIRE_LIMITS.overRateMs,
    1,
  ),
  connectionsPerVisitor: whole(
    'VESTIBULE_CONNECTIONS_PER_VISITOR',
    'sockets of one visitor',
    WIRE_LIMITS.connectionsPerVisitor,
    1,
  ),
  connectionsPerAddress: whole(
    'VESTIBULE_CONNECTIONS_PER_ADDRESS',
    'sockets of one address',
    WIRE_LIMITS.connectionsPerAddress,
    1,
  ),
  requestTimeoutMs: whole('VESTIBULE_REQUEST_TIMEOUT_MS', 'a request has come whole by then', 30_000, 1_000),
  arrivalsPerTurn: whole('VESTIBULE_ARRIVALS_PER_TURN', 'arrivals and departures heard at a time', 32, 1),
  arrivalsWaiting: whole('VESTIBULE_ARRIVALS_WAITING', 'of them wait; one socket more: 503', 100_000, 1),
  newVisitorsPerMinute: whole(
    'VESTIBULE_NEW_VISITORS_PER_MINUTE',
    'new visitors a minute of one address; 0 = no limit',
    WIRE_LIMITS.newVisitorsPerMinute,
  ),
  helloTimeoutMs: whole(
    'VESTIBULE_HELLO_TIMEOUT_MS',
    'a socket says hello within this',
    WIRE_LIMITS.helloTimeoutMs,
    1,
  ),
  pongTimeoutMs: whole(
    'VESTIBULE_PONG_TIMEOUT_MS',
    'a socket answers a ping within this',
    WIRE_LIMITS.pongTimeoutMs,
    1,
  ),
  unreadBytes: whole(
    'VESTIBULE_UNREAD_BYTES',
    'bytes waiting for a client that does not read',
    WIRE_LIMITS.unreadBytes,
    1_024,
  ),

  sleepAfterMs: whole('VESTIBULE_SLEEP_AFTER_MS', 'an actor without an entry sleeps after this', 60_000, 1),
  awakeMax: whole('VESTIBULE_AWAKE_MAX', 'actors awake at once', 100_000, 1),
  waitingEntries: whole(
    'VESTIBULE_WAITING_ENTRIES',
    'entries waiting for the committer before sockets are not read',
    20_000,
    1,
  ),
  commitEntries: whole('VESTIBULE_COMMIT_ENTRIES', 'entries of one commit', 2_000, 1),
  commitBytes: whole('VESTIBULE_COMMIT_BYTES', 'bytes of one commit', 4 * 1024 * 1024, 1_024),
  profileKeys: whole('VESTIBULE_PROFILE_KEYS', 'profile values kept of one person', 100, 1),
  retentionDays: whole(
    'VESTIBULE_RETENTION_DAYS',
    'what is older goes; 0 = it is kept for ever',
    0,
    0,
    36_500,
  ),
  shortVisitDays: whole(
    'VESTIBULE_SHORT_VISIT_DAYS',
    'the same for visitors who were nobody and left at once; 0 = like the others',
    0,
    0,
    36_500,
  ),
  liveKeepMs: whole('VESTIBULE_LIVE_KEEP_MS', 'how long changes are kept', 86_400_000),
  liveStallMs: whole(
    'VESTIBULE_LIVE_STALL_MS',
    'a live reader that takes nothing for so long is cut',
    30_000,
    1,
  ),
  liveStreams: whole('VESTIBULE_LIVE_STREAMS', 'live streams at once', 1_000, 1),
  drainMs: whole('VESTIBULE_DRAIN_MS', 'each step of a stop takes at most this', 5_000, 1),

  requestsPerSecond: whole(
    'VESTIBULE_REQUESTS_PER_SECOND',
    'requests a second of one key; 0 = no limit',
    1_000,
    0,
  ),
  requestsBurst: whole('VESTIBULE_REQUESTS_BURST', 'requests of one key at once', 2_000, 1),
  pageSizeMax: whole('VESTIBULE_PAGE_SIZE_MAX', 'rows of one History page', 1_000, 1),
  readRows: whole('VESTIBULE_READ_ROWS', 'rows one request looks at', 20_000, 1),
  readSliceRows: whole('VESTIBULE_READ_SLICE_ROWS', 'rows a request looks at before others work', 5_000, 1),
  readSliceMs: whole('VESTIBULE_READ_SLICE_MS', 'ms a request looks at rows before others work', 5, 1),

  rules: list('VESTIBULE_RULES', 'rules that assume who somebody is: shipped:NAME, or the path of a module'),
  ruleMs: whole('VESTIBULE_RULE_MS', 'a rule that takes longer is switched off', 50, 1),
  rulesMemoryMb: whole('VESTIBULE_RULES_MEMORY_MB', 'memory of the thread of the rules', 64, 16),
  rulesWaiting: whole(
    'VESTIBULE_RULES_WAITING',
    'questions that wait for rules; more are not asked',
    5_000,
    1,
  ),
  rulesFloor: share(
    'VESTIBULE_RULES_FLOOR',
    'a rule is paused when the lower bound of its precision is below',
    0.5,
  ),
  rulesJudgedAfter: whole('VESTIBULE_RULES_JUDGED_AFTER', 'decisions after which a rule is judged', 50, 1),

  natsUrl: text('NATS_URL', 'servers to publish to, separated by commas; empty = none', '', true),
  natsCreds: text('NATS_CREDS', 'a file with our JWT and its nkey, or with an nkey seed alone', ''),
  natsTlsCa: text('NATS_TLS_CA', 'a PEM file: who vouches for the NATS servers', ''),
  natsTlsCert: text('NATS_TLS_CERT', 'a PEM file: our certificate for NATS', ''),
  natsTlsKey: text('NATS_TLS_KEY', 'a PEM file: the key of our certificate for NATS', ''),
  natsJetstream: oneOf('NATS_JETSTREAM', 'publish through JetStream', 'auto', ['auto', 'on', 'off']),
  natsPrefix: text('NATS_PREFIX', 'first word of every subject', 'vestibule'),
  natsFrom: text('NATS_FROM', 'the position to begin at when NATS is switched on; empty = now', ''),
  natsStream: text('NATS_STREAM', 'name of the JetStream stream', 'VESTIBULE'),
  natsStreamReplicas: whole('NATS_STREAM_REPLICAS', 'replicas of the stream', 1, 1, 5),
  natsStreamMaxAgeMs: whole('NATS_STREAM_MAX_AGE_MS', 'how long the stream keeps a message', 7 * 86_400_000),
  natsStreamMaxBytes: whole('NATS_STREAM_MAX_BYTES', 'bytes the stream may take; 0 = no limit of ours', 0),
  natsInFlight: whole('NATS_IN_FLIGHT', 'visitors with a message on its way at once', 256, 1),
  natsBacklogRows: whole('NATS_BACKLOG_ROWS', 'more changes that wait are reported', 100_000, 1),
  natsBacklogAgeMs: whole('NATS_BACKLOG_AGE_MS', 'a change that waits longer is reported', 300_000, 1),
  natsRequestsOpen: flag('NATS_REQUESTS_OPEN', 'requests need no key: the NATS account is trusted', false),
  natsRequestsAtOnce: whole('NATS_REQUESTS_AT_ONCE', 'requests being answered; more are refused', 256, 1),
  publishEvents: list('VESTIBULE_PUBLISH_EVENTS', 'names of events that are published; * = all'),
  publishIdentity: oneOf('VESTIBULE_PUBLISH_IDENTITY', 'identityIds as they are, or hashed', 'full', [
    'full',
    'hash',
  ]),
  contactsResolver: oneOf('VESTIBULE_CONTACTS_RESOLVER', 'who knows the contact of an identity', 'local', [
    'local',
    'nats',
    'http',
  ]),
  contactsSubject: text('VESTIBULE_CONTACTS_SUBJECT', 'the NATS subject to ask', 'contacts.resolve'),
  contactsUrl: text('VESTIBULE_CONTACTS_URL', 'the URL to ask', ''),
  contactsToken: text('VESTIBULE_CONTACTS_TOKEN', 'sent to that URL as a Bearer token', '', true),
  source: text('VESTIBULE_SOURCE', "this node's name in what it publishes", 'vestibule'),

  logLevel: oneOf('VESTIBULE_LOG_LEVEL', 'least level that is logged', 'info', [
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
} as const

export type OptionName = keyof typeof OPTIONS
type ValueOf<O> =
  O extends Option<infer T>
    ? T extends string
      ? T
      : T extends number
        ? number
        : T extends boolean
          ? boolean
          : T
    : never
export type Config = { readonly [N in OptionName]: ValueOf<(typeof OPTIONS)[N]> }

/** The configuration with every option at its default. */
export function defaultConfig(): Config {
  return fromEntries((option) => option.fallback)
}

/** Which variables nobody asked us about: what platforms inject beside ours. */
const INJECTED = /_SERVICE_(HOST|PORT)|_PORT_/

/**
 * Reads the options from the environment and from flags (`--leave-grace-ms 500` for `leaveGraceMs`), flags first.
 * Secrets may come from a file: `VESTIBULE_IDENTITY_SECRET_FILE`. Throws `ConfigError` at the first that is wrong.
 */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<OptionName, string>>> = {},
): { readonly config: Config; readonly ignored: readonly string[] } {
  const ignored = refuseUnknown(env)
  const config = fromEntries((option, name) => {
    const given = flags[name] ?? fromEnvironment(env, option)
    if (given === undefined || given === '') return option.fallback
    const value = option.parse(given)
    if (!(value instanceof ConfigError)) return value
    const shown = option.secret ? 'the value given' : `"${given}"`
    throw new ConfigError(`${option.key}: ${shown} is not right; expected ${value.message}`)
  })
  return { config, ignored }
}

function fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  option: Option<unknown>,
): string | undefined {
  const file = option.secret ? env[`${option.key}_FILE`] : undefined
  if (file === undefined || file === '' || option.key === OPTIONS.keys.key) return env[option.key]
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new ConfigError(`${option.key}_FILE: ${file} cannot be read; name a file this user may read`, {
      cause,
    })
  }
}

function refuseUnknown(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const options = Object.values(OPTIONS) as readonly Option<unknown>[]
  const known = new Set(
    options.flatMap((option) => (option.secret ? [option.key, `${option.key}_FILE`] : [option.key])),
  )
  const ours = Object.keys(env).filter((key) => key.startsWith('VESTIBULE_') && !known.has(key))
  const ignored = ours.filter((key) => INJECTED.test(key) || env[key]?.startsWith('tcp://'))
  const unknown = ours.find((key) => !ignored.includes(key))
  if (unknown !== undefined) {
    throw new ConfigError(`${unknown} is not an option; "vestibule serve --help" lists them all`)
  }
  return ignored
}

/** Builds a value for each option; the one place where the table's names become the config's. */
function fromEntries(value: (option: Option<unknown>, name: OptionName) => unknown): Config {
  const names = Object.keys(OPTIONS) as OptionName[]
  return Object.fromEntries(
    names.map((name) => [name, value(OPTIONS[name] as Option<unknown>, name)]),
  ) as Config
}

/** The options as `--help` prints them. */
export function describeOptions(): string {
  return (Object.entries(OPTIONS) as [OptionName, Option<unknown>][])
    .map(([name, { key, says, form, fallback, secret }]) => {
      const byDefault = secret || fallback === '' || (Array.isArray(fallback) && fallback.length === 0)
      return `  ${flagOf(name).padEnd(30)} ${key.padEnd(36)} ${says}\n${' '.repeat(34)}${form}${byDefault ? '' : `; default ${String(fallback)}`}`
    })
    .join('\n')
}

/** `leaveGraceMs` is `--leave-grace-ms`. */
export function flagOf(name: OptionName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
