/** Certificates made in the test: an authority, and what it issues. */
import "reflect-metadata"
import { randomBytes, webcrypto } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as x509 from "@peculiar/x509"

x509.cryptoProvider.set(webcrypto as never)
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
export const FOR_SERVERS = x509.ExtendedKeyUsage.serverAuth
const DAY_MS = 86_400_000

export interface Wanted {
  readonly subject?: string
  readonly uris?: readonly string[]
  readonly ip?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly isAuthority?: boolean
  readonly usage?: x509.ExtendedKeyUsage
}

export interface Files {
  readonly certFile: string
  readonly keyFile: string
}

export class Authority {
  readonly pem: string
  readonly #folder: string
  readonly #keys: CryptoKeyPair
  readonly #certificate: x509.X509Certificate
  #issued = 0

  private constructor(folder: string, keys: CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#folder = folder
    this.#keys = keys
    this.#certificate = certificate
    this.pem = `${certificate.toString("pem")}\n`
  }

  static async make(folder: string, name: string): Promise<Authority> {
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: randomBytes(8).toString("hex"),
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 90 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys: keys as never,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    })
    return new Authority(folder, keys, certificate)
  }

  /** PEM files in the folder; by default of a client, good for a day. */
  async issue(wanted: Wanted): Promise<Files> {
    const keys = await newKeys()
    const names = [
      ...(wanted.uris ?? []).map((value) => ({ type: "url" as const, value })),
      ...(wanted.ip ? [{ type: "ip" as const, value: wanted.ip }] : []),
    ]
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomBytes(8).toString("hex"),
      subject: wanted.subject ?? "",
      issuer: this.#certificate.subject,
      notBefore: wanted.notBefore ?? new Date(Date.now() - DAY_MS),
      notAfter: wanted.notAfter ?? new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey as never,
      signingKey: this.#keys.privateKey as never,
      extensions: [
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ...(wanted.isAuthority ? [new x509.BasicConstraintsExtension(true, undefined, true)] : []),
        new x509.ExtendedKeyUsageExtension([wanted.usage ?? x509.ExtendedKeyUsage.clientAuth]),
      ],
    })
    const name = join(this.#folder, `${this.#certificate.subject.slice(3)}-${this.#issued++}`)
    const files = { certFile: `${name}.crt`, keyFile: `${name}.key` }
    writeFileSync(files.certFile, `${certificate.toString("pem")}\n`)
    writeFileSync(files.keyFile, await toPem(keys.privateKey))
    return files
  }

  async issueServer(): Promise<Files> {
    return await this.issue({ subject: "CN=writ", ip: "127.0.0.1", usage: x509.ExtendedKeyUsage.serverAuth })
  }
}

interface CryptoKeyPair {
  readonly publicKey: unknown
  readonly privateKey: unknown
}

async function newKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as never
}

async function toPem(key: unknown): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key as never)).toString("base64")
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/(.{64})/g, "$1\n").trim()}\n-----END PRIVATE KEY-----\n`
}
