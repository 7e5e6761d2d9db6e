/** A listener's TLS: certificate and key, and the authorities of its clients; read from files, and again when they change. */
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { createSecureContext, type SecureContextOptions } from "node:tls"
import { WritError } from "../errors.ts"

export interface TlsPaths {
  readonly certFile: string
  readonly keyFile: string
  /** Null: clients are not asked for a certificate. */
  readonly clientCaFile: string | null
}

export interface TlsMaterial {
  readonly cert: Buffer
  readonly key: Buffer
  readonly clientCa: Buffer | null
  /** SHA-256 of the client authorities' certificates, as Node writes it. */
  readonly authorities: ReadonlySet<string>
  /** When the first certificate of each file ends, Unix milliseconds. */
  readonly endsAtMs: { readonly server: number; readonly clientCa: number | null }
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** Throws CONFIG_INVALID. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsPaths): TlsMaterial {
  const cert = readTlsFile(certFile)
  const key = readTlsFile(keyFile)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new WritError(
      "CONFIG_INVALID",
      `${certFile} and ${keyFile} are not a PEM certificate and its key: ${(cause as Error).message}.`,
      { cause },
    )
  }
  const clientCa = clientCaFile === null ? null : readTlsFile(clientCaFile)
  const authorities = clientCa === null ? [] : readCertificates(clientCa, clientCaFile as string)
  return {
    cert,
    key,
    clientCa,
    authorities: new Set(authorities.map(({ fingerprint256 }) => fingerprint256)),
    endsAtMs: {
      server: firstEnd(readCertificates(cert, certFile)),
      clientCa: clientCa && firstEnd(authorities),
    },
  }
}

/** What a TLS server takes, for every handshake from now on. */
export function toContext({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  return { cert, key, ...(clientCa && { ca: clientCa }) }
}

/** Does it say the same as before? */
export function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && (a.clientCa ?? NONE).equals(b.clientCa ?? NONE)
}
const NONE = Buffer.alloc(0)

function readCertificates(pem: Buffer, path: string): readonly X509Certificate[] {
  try {
    const found = (pem.toString("latin1").match(PEM) ?? []).map((text) => new X509Certificate(text))
    if (found.length > 0) return found
  } catch {} // what it is not, is said below
  throw new WritError("CONFIG_INVALID", `${path} holds no PEM certificates that can be read.`)
}

function firstEnd(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)))
}

function readTlsFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new WritError(
      "CONFIG_INVALID",
      `The TLS file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      { cause },
    )
  }
}
