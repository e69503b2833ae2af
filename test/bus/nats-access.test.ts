/** Getting in at a real nats-server: passwords, tokens, nkeys, JWTs, certificates; and what of it is ever shown. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readNatsAccess } from '../../src/bus/access.ts'
import { type Config, ConfigError, defaultConfig } from '../../src/config.ts'
import { tempFolder } from '../helpers/temp-folder.ts'
import { eventually } from '../helpers/within.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { makeNkey, makeOperator } from './operator.ts'
import { arrivedAll, type RealSetting, WAIT_MS, withServer } from './real-stream.ts'

const access = suite('access to a real nats-server')
const opened = { kind: 'visit', name: 'opened' } as const
const folder = tempFolder()
let certificates: Certificates | undefined

access.before(() => {
  certificates = makeCertificates()
})
access.after(() => {
  certificates?.remove()
  folder.remove()
})

function file(name: string, text: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

function made(): Certificates {
  if (certificates === undefined) throw new Error('no certificates were made')
  return certificates
}

/** A change arrives with this configuration, and the log never shows `secret`. */
async function comesIn({ store, log, start }: RealSetting, config: Partial<Config>, secret: string) {
  const relay = await start(config)
  store.commit('g1', [opened])
  await arrivedAll(relay)
  assert.not.match(log.lines().join(), secret)
}

/** It is refused with a reason that is said once, without `secret`, and goes on trying. */
async function staysOut({ log, start }: RealSetting, config: Partial<Config>, secret: string) {
  const relay = await start(config)
  const complaints = () => log.lines().filter((line) => line.includes('cannot connect'))
  const line = await eventually(WAIT_MS, 'it complains', () => complaints()[0])
  assert.is(relay.stats().connected, false)
  assert.not.match(log.lines().join(), secret)
  return line
}

access(
  '[B7] a token in NATS_URL',
  withServer(
    (setting) => comesIn(setting, { natsUrl: `nats://t0ken@127.0.0.1:${setting.server.port}` }, 't0ken'),
    { configuration: 'authorization { token: "t0ken" }' },
  ),
)

const OPERATOR = makeOperator()
const NKEY = makeNkey()

access(
  '[B7] a creds file with a JWT and its nkey (without JetStream, which such an account has not)',
  withServer(
    (setting) =>
      comesIn(
        setting,
        { natsCreds: file('user.creds', OPERATOR.creds), natsJetstream: 'off' },
        'NKEY|SU[A-Z2-7]',
      ),
    { configuration: OPERATOR.configuration, jetStream: false },
  ),
)

access(
  "[B7] another operator's creds are refused, and nothing of them is said",
  withServer(
    async (setting) => {
      const natsCreds = file('other.creds', makeOperator().creds)
      const line = await staysOut(setting, { natsCreds }, 'eyJ')
      assert.match(line, 'Authorization Violation')
    },
    { configuration: OPERATOR.configuration, jetStream: false },
  ),
)

access(
  '[B7] a file with an nkey seed alone',
  withServer((setting) => comesIn(setting, { natsCreds: file('user.nk', `${NKEY.seed}\n`) }, NKEY.seed), {
    configuration: `authorization { users: [{ nkey: ${NKEY.publicKey} }] }`,
  }),
)

const byName = ({ server }: RealSetting) => `tls://localhost:${server.port}`
const tlsConfiguration = (verify: boolean) => {
  const { serverCert, serverKey, ca } = made()
  return `tls { cert_file: "${serverCert}", key_file: "${serverKey}", ca_file: "${ca}", verify: ${verify} }`
}

access('[B7] TLS with the CA that vouches for the server', async () => {
  const run = withServer(
    (setting) => comesIn(setting, { natsUrl: byName(setting), natsTlsCa: made().ca }, 'PRIVATE'),
    {
      configuration: tlsConfiguration(false),
    },
  )
  await run()
})

access('[B7] TLS with another CA does not connect, and says why', async () => {
  const run = withServer(
    async (setting) => {
      const line = await staysOut(setting, { natsUrl: byName(setting), natsTlsCa: made().otherCa }, 'PRIVATE')
      assert.match(line, /certificate|verify/)
    },
    { configuration: tlsConfiguration(false) },
  )
  await run()
})

access('[B7] a connection that is lost, and refused when it is made again, says why too', async () => {
  const trusted = join(folder.path, 'trusted.pem')
  copyFileSync(made().ca, trusted)
  const run = withServer(
    async (setting) => {
      await comesIn(setting, { natsUrl: byName(setting), natsTlsCa: trusted }, 'PRIVATE')
      await setting.server.kill()
      copyFileSync(made().otherCa, trusted)
      await setting.server.start()
      await eventually(WAIT_MS, 'it says why', () =>
        setting.log
          .lines()
          .find((line) =>
            /cannot connect.*(certificate|verify)|(certificate|verify).*cannot connect/.test(line),
          ),
      )
    },
    { configuration: tlsConfiguration(false) },
  )
  await run()
})

access('[B7] a server that asks for our certificate gets it', async () => {
  const run = withServer(
    async (setting) => {
      const { ca, clientCert, clientKey } = made()
      const withCa = { natsUrl: byName(setting), natsTlsCa: ca }
      await staysOut(setting, withCa, 'PRIVATE')
      const withOurs = { ...withCa, natsTlsCert: clientCert, natsTlsKey: clientKey }
      await comesIn(setting, withOurs, 'PRIVATE')
    },
    { configuration: tlsConfiguration(true) },
  )
  await run()
})

access('[B7] what cannot be followed is refused at the start, and shows nothing secret', () => {
  const refusals: readonly (readonly [Partial<Config>, string])[] = [
    [{ natsCreds: join(folder.path, 'none') }, 'NATS_CREDS'],
    [{ natsCreds: file('bad.creds', 'S3CRET') }, 'NATS_CREDS'],
    [{ natsCreds: file('user.nk', NKEY.seed), natsUrl: 'nats://ann:S3CRET@a' }, 'NATS_CREDS'],
    [{ natsTlsCa: join(folder.path, 'none') }, 'NATS_TLS_CA'],
    [{ natsTlsCert: made().clientCert }, 'NATS_TLS_KEY'],
    [{ natsUrl: 'tls://127.0.0.1' }, 'NATS_URL'],
    [{ natsUrl: 'tls://[::1]:1' }, 'NATS_URL'],
  ]
  for (const [config, key] of refusals) {
    try {
      readNatsAccess({ ...defaultConfig(), natsUrl: 'nats://a', ...config })
      assert.unreachable(key)
    } catch (error) {
      assert.instance(error, ConfigError)
      assert.match(String(error), key)
      assert.not.match(String(error), 'S3CRET')
    }
  }
})

access.run()
