/** `writ init`: a data folder; with --compose, a certificate, keys and a database password for docker-compose.yml. */
import { randomBytes, webcrypto } from "node:crypto"
import { existsSync, mkdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { WritError } from "../errors.ts"
import { PACKAGE_ROOT } from "../rpc/api.ts"
import { ROLES } from "../rpc/roles.ts"
import { openDataFolder } from "../store/data-folder.ts"
import { writeDurably } from "../store/signer-state.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

const EXAMPLE = join(PACKAGE_ROOT, "examples", "agent-tools")
const COMPOSE_FOLDER = "compose-data"
const CERTIFICATE_DAYS = 825
const DAY_MS = 86_400_000

export async function initCommand(flags: Flags): Promise<number> {
  const path = flags["compose"] ? resolve(COMPOSE_FOLDER) : resolve(flags["data"] as string)
  if (flags["compose"] && existsSync(join(path, "tls")))
    throw new WritError(
      "DATA_FOLDER_UNFIT",
      `${path} was made before. Remove it to start anew, or run: docker compose up`,
    )
  const folder = openDataFolder(path, ROLES, EXAMPLE)
  if (flags["compose"]) await writeCompose(path)
  if (flags["json"]) printJson({ path, created: folder.isNew, roles: ROLES })
  else {
    print(
      `${folder.isNew ? "Made" : "Found"} ${path}: signing keys in keys/, an API key per role in api-keys/, the policy in policy/.`,
    )
    print(
      flags["compose"]
        ? `Next: ${composeUser()}docker compose up --build; then: writ authorize --data compose-data --target localhost:50051 --ca compose-data/tls/ca.crt …`
        : `Next: writ serve --data ${path}`,
    )
  }
  return 0
}

/** The daemon's container must run as who owns the folder; docker-compose.yml assumes the usual first user. */
function composeUser(): string {
  const owner = `${process.getuid?.() ?? 1000}:${process.getgid?.() ?? 1000}`
  return owner === "1000:1000" ? "" : `COMPOSE_USER=${owner} `
}

async function writeCompose(path: string): Promise<void> {
  mkdirSync(join(path, "tls"), { recursive: true, mode: 0o700 })
  const { ca, certificate, key } = await makeCertificate(["localhost", "writ"])
  writeDurably(join(path, "tls", "ca.crt"), ca, 0o644)
  writeDurably(join(path, "tls", "server.crt"), certificate, 0o644)
  writeDurably(join(path, "tls", "server.key"), key)
  const password = randomBytes(24).toString("base64url")
  writeDurably(join(path, "postgres-password"), password)
  writeDurably(join(path, "daemon.env"), `WRIT_DATABASE_URL=postgresql://writ:${password}@postgres:5432/writ\n`)
}

/** A certificate authority made for this one certificate; its key is not kept. PEM. */
export async function makeCertificate(
  hosts: readonly string[],
): Promise<{ readonly ca: string; readonly certificate: string; readonly key: string }> {
  await import("reflect-metadata") // it wants this before itself
  const x509 = await import("@peculiar/x509")
  x509.cryptoProvider.set(webcrypto as never)
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
  const newKeys = async () =>
    (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as never as CryptoKeyPair
  const [caKeys, serverKeys] = await Promise.all([newKeys(), newKeys()])
  const validity = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + CERTIFICATE_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
  }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: randomBytes(8).toString("hex"),
    name: "CN=Writ compose authority",
    keys: caKeys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  const server = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: randomBytes(8).toString("hex"),
    subject: `CN=${hosts[0]}`,
    issuer: ca.subject,
    publicKey: serverKeys.publicKey as never,
    signingKey: caKeys.privateKey as never,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        ...hosts.map((value) => ({ type: "dns" as const, value })),
        { type: "ip" as const, value: "127.0.0.1" },
      ]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  })
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", serverKeys.privateKey as never)
  const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(pkcs8)
    .toString("base64")
    .replace(/(.{64})/g, "$1\n")
    .trim()}\n-----END PRIVATE KEY-----\n`
  return { ca: `${ca.toString("pem")}\n`, certificate: `${server.toString("pem")}\n`, key }
}

interface CryptoKeyPair {
  readonly publicKey: unknown
  readonly privateKey: unknown
}
