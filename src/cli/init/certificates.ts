/** Certificates for a deployment that has no authority of its own: one authority, and what it issues. PEM. */
import { randomBytes, webcrypto } from "node:crypto"

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const DAYS = 825
const DAY_MS = 86_400_000

export interface Issued {
  readonly certificate: string
  readonly key: string
}

export interface Authority extends Issued {
  /** For who is dialled by these names: DNS names or IPv4 addresses. */
  issueServer(hosts: readonly string[]): Promise<Issued>
  /** For a caller with this SPIFFE id. */
  issueClient(spiffeId: string): Promise<Issued>
}

export async function makeAuthority(name: string): Promise<Authority> {
  await import("reflect-metadata") // it wants this before itself
  const x509 = await import("@peculiar/x509")
  x509.cryptoProvider.set(webcrypto as never)
  const keys = await makeKeys()
  const validity = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
  }
  const serialNumber = () => randomBytes(8).toString("hex")
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  type Names = ConstructorParameters<typeof x509.SubjectAlternativeNameExtension>[0]
  const issue = async (subject: string, names: Names, usage: string): Promise<Issued> => {
    const own = await makeKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      serialNumber: serialNumber(),
      subject: `CN=${subject}`,
      issuer: authority.subject,
      publicKey: own.publicKey as never,
      signingKey: keys.privateKey as never,
      extensions: [new x509.SubjectAlternativeNameExtension(names), new x509.ExtendedKeyUsageExtension([usage])],
    })
    return { certificate: `${certificate.toString("pem")}\n`, key: await toPem(own.privateKey) }
  }
  return {
    certificate: `${authority.toString("pem")}\n`,
    key: await toPem(keys.privateKey),
    issueServer: (hosts) =>
      issue(
        hosts[0] as string,
        hosts.map((value) => ({ type: /^[0-9.]+$/.test(value) ? "ip" : "dns", value }) as const),
        x509.ExtendedKeyUsage.serverAuth,
      ),
    issueClient: (spiffeId) =>
      issue(spiffeId.split("/").at(-1) as string, [{ type: "url", value: spiffeId }], x509.ExtendedKeyUsage.clientAuth),
  }
}

type Keys = Awaited<ReturnType<typeof webcrypto.subtle.generateKey>> & {
  readonly publicKey: webcrypto.CryptoKey
  readonly privateKey: webcrypto.CryptoKey
}
async function makeKeys(): Promise<Keys> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as Keys
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64")
  return `-----BEGIN PRIVATE KEY-----\n${body.replace(/(.{64})/g, "$1\n").trim()}\n-----END PRIVATE KEY-----\n`
}
