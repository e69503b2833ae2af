/** Certificates for a nats-server of the test's own, and for who comes to it; made by openssl, valid for a day. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../helpers/temp-folder.ts'

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string
  readonly otherCa: string
  readonly serverCert: string
  readonly serverKey: string
  readonly clientCert: string
  readonly clientKey: string
  readonly remove: () => void
}

export function makeCertificates(): Certificates {
  const folder = tempFolder()
  const at = (name: string) => join(folder.path, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder.path, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

  function makeCa(name: string): string {
    openssl(
      ...['req', '-x509', ...newKey, '-days', '1', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
    return at(`${name}.pem`)
  }

  function makeSigned(name: string): { readonly cert: string; readonly key: string } {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    writeFileSync(at(`${name}.ext`), 'subjectAltName=DNS:localhost\n')
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-days', '1', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
    )
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) }
  }

  const [ca, otherCa] = [makeCa('ca'), makeCa('other')]
  const [server, client] = [makeSigned('server'), makeSigned('client')]
  return {
    ca,
    otherCa,
    serverCert: server.cert,
    serverKey: server.key,
    clientCert: client.cert,
    clientKey: client.key,
    remove: folder.remove,
  }
}
