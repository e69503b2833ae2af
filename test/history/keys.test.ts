import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError, defaultConfig } from '../../src/config.ts'
import { parseKeys } from '../../src/history/keys.ts'
import { isLoopback, openKeys } from '../../src/history/open-keys.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const keys = suite('History: keys')
const SECRET = 'abcdefgh-IJKL_67'

/** Runs it in a folder of its own; gives the error's text where it throws. */
function opening(change: (path: string) => Partial<ReturnType<typeof defaultConfig>>) {
  const folder = tempFolder()
  try {
    const config = { ...defaultConfig(), data: join(folder.path, 'data'), ...change(folder.path) }
    return openKeys(config, () => 'made-secret-0123456')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  } finally {
    folder.remove()
  }
}

keys('[Q9] a key is name:secret:scopes, scopes all that follows the second colon', () => {
  const parsed = parseKeys([`desk:${SECRET}:history:read+verdict`, `ops.1:${SECRET}x:metrics`], 'test')
  assert.equal(parsed, [
    { name: 'desk', secret: SECRET, scopes: ['history:read', 'verdict'] },
    { name: 'ops.1', secret: `${SECRET}x`, scopes: ['metrics'] },
  ])
})

keys('[Q9] what is no key is refused with what is wrong, and its secret is not shown', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['desk', /form name:secret:scope/],
    [SECRET, /form name:secret:scope/],
    [`desk:${SECRET}`, /form name:secret:scope/],
    [`:${SECRET}:verdict`, /a name is 1\.\.64/],
    [`a b:${SECRET}:verdict`, /a name is 1\.\.64/],
    [`${'n'.repeat(65)}:${SECRET}:verdict`, /a name is 1\.\.64/],
    ['desk:short-secret-15:verdict', /a secret is 16\.\.256/],
    [`desk:${SECRET}!:verdict`, /a secret is 16\.\.256/],
    [`desk:${'s'.repeat(257)}:verdict`, /a secret is 16\.\.256/],
    [`desk:${SECRET}:`, /scopes are/],
    [`desk:${SECRET}:history`, /scopes are/],
    [`desk:${SECRET}:verdict,notify`, /scopes are/],
    [`desk:${SECRET}:verdict+`, /scopes are/],
  ]
  for (const [text, expected] of wrong) {
    try {
      parseKeys([text], 'VESTIBULE_KEYS')
      assert.unreachable(text)
    } catch (error) {
      assert.instance(error, ConfigError, text)
      if (!(error instanceof ConfigError)) throw error
      assert.match(error.message, expected)
      assert.match(error.message, 'VESTIBULE_KEYS: key 1')
      assert.not.match(error.message, SECRET)
      assert.not.match(error.message, 'short-secret')
    }
  }
  const longest = `${'n'.repeat(64)}:${'s'.repeat(256)}:verdict`
  assert.is(parseKeys([longest], 'test').length, 1)
  assert.is(parseKeys([`n:${'s'.repeat(16)}:verdict`], 'test').length, 1)
})

keys('[Q9] the same name twice is an error, over variable and file too; so is the same secret', () => {
  const twice = `desk:${SECRET}:verdict`
  const other = `desk:${SECRET}x:verdict`
  const alike = `other:${SECRET}:notify`
  assert.match(String(opening(() => ({ keys: `${twice},${other}` }))), /"desk" is configured twice/)
  assert.match(String(opening(() => ({ keys: `${twice},${alike}` }))), /"other" has another key's secret/)
  const opened = opening((path) => {
    writeFileSync(join(path, 'keys'), `${other}\n`)
    return { keys: twice, keysFile: join(path, 'keys') }
  })
  assert.match(String(opened), /"desk" is configured twice/)
})

keys('[Q9] keys of the file are added to those of the variable; comments and empty lines are no keys', () => {
  const opened = opening((path) => {
    writeFileSync(join(path, 'keys'), `# agents\n\n  two:${SECRET}2:notify  \r\nthree:${SECRET}3:erase`)
    return { keys: `one:${SECRET}1:history:read, ,`, keysFile: join(path, 'keys') }
  })
  if (typeof opened === 'string') throw new Error(opened)
  assert.equal(
    opened.keys.map(({ name }) => name),
    ['one', 'two', 'three'],
  )
  assert.is(opened.madeKeyPath, null)
})

keys('[Q9] a file that cannot be read is an error that names it', () => {
  assert.match(
    String(opening((path) => ({ keysFile: join(path, 'nowhere') }))),
    /VESTIBULE_KEYS_FILE: .*nowhere cannot be read/,
  )
})

keys('[Q9] the first start without keys makes desk, its secret alone in a file of mode 0600', () => {
  const folder = tempFolder()
  const config = { ...defaultConfig(), data: join(folder.path, 'data') }
  const opened = openKeys(config, () => 'made-secret-0123456')
  const path = join(config.data, 'key')
  assert.equal(opened.keys, [
    { name: 'desk', secret: 'made-secret-0123456', scopes: ['history:read', 'verdict', 'notify'] },
  ])
  assert.ok(opened.madeKeyPath?.endsWith('/data/key'))
  assert.is(readFileSync(path, 'utf8').trim(), 'made-secret-0123456')
  assert.is(statSync(path).mode & 0o777, 0o600)
  const again = openKeys(config, () => 'another-secret-0123')
  assert.equal(again.keys, opened.keys, 'the next start takes the same one')
  writeFileSync(path, '')
  assert.is(openKeys(config, () => 'another-secret-0123').keys[0]?.secret, 'another-secret-0123', 'cut short')
  assert.equal(openKeys({ ...config, keys: `one:${SECRET}:notify` }, () => '').keys.length, 1)
  folder.remove()
})

keys('[Q9] a made key that was spoilt is an error, not a new key', () => {
  const folder = tempFolder()
  writeFileSync(join(folder.path, 'key'), 'short\n')
  assert.throws(
    () => openKeys({ ...defaultConfig(), data: folder.path }, () => 'made-secret-0123456'),
    /the made key in .*: key 1 \("desk"\): a secret is 16/,
  )
  folder.remove()
})

keys('[Q9] off loopback the made key does not count as configured', () => {
  for (const host of ['0.0.0.0', '::', 'vestibule.example', '192.168.1.4', '127.example']) {
    const folder = tempFolder()
    const config = { ...defaultConfig(), host, data: join(folder.path, 'data') }
    assert.throws(() => openKeys(config, () => 'made-secret-0123456'), /configure VESTIBULE_KEYS/)
    assert.not.ok(existsSync(join(config.data, 'key')))
    assert.is(openKeys({ ...config, keys: `one:${SECRET}:notify` }, () => '').keys.length, 1)
    folder.remove()
  }
  for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1', '[::1]'])
    assert.ok(isLoopback(host), host)
})

keys('[Q9] a folder that cannot be written is an error that says what to do', () => {
  // Root may write anywhere: a file in the folder's place refuses everybody.
  const opened = opening((path) => {
    writeFileSync(join(path, 'data'), '')
    return {}
  })
  assert.match(String(opened), /cannot be written; configure VESTIBULE_KEYS/)
})

keys.run()
