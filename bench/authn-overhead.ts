/** What it costs to prove who calls, on a connection that is kept: Authorize against a daemon that asks nobody. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect } from "../src/client/connect.ts"
import { Authority, type Files } from "../test/support/certificates.ts"
import { OidcIssuer } from "../test/support/oidc-issuer.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, type GeneratorOptions } from "./h2-generator.ts"
import { AUTHORIZE_PATH, isAllow, type RunningDaemon, readKey, requestBodies, startDaemonProcess } from "./subjects.ts"

const AUDIENCE = "bench"
const SUBJECT = "bench"
const SPIFFE = "spiffe://bench.example/pep"
const CALLS = 8_000

/** The built daemon with one module in another's place: whoever calls is the PEP of the first start. Rights are looked up as ever. */
const NOBODY_ASKED = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module"
  const source = \`
    export const METHODS = ["key", "mtls", "jwt"]
    export const createAuthenticator = ({ callers }) => {
      let pep
      return () => (pep ??= { proof: "api-key", name: [...callers().values()].find(({ role }) => role === "pep").id, holds: () => true })
    }\`
  register("data:text/javascript," + encodeURIComponent(\`
    export const load = (url, context, next) =>
      url.endsWith("/dist/identity/authenticator.js")
        ? { format: "module", shortCircuit: true, source: \${JSON.stringify(source)} }
        : next(url, context)\`))
`)}`

export async function benchAuthn(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-tls-"))
  const issuer = await OidcIssuer.start()
  const daemons: RunningDaemon[] = []
  const generators: Generator[] = []
  const start = async (nodeFlags: readonly string[], flags: readonly string[]) => {
    const daemon = await startDaemonProcess(nodeFlags, undefined, flags)
    daemons.push(daemon)
    return daemon
  }
  const open = async (port: number, more: Pick<GeneratorOptions, "key"> & Partial<GeneratorOptions>) => {
    const body = requestBodies()
    const generator = await Generator.connect({
      host: "127.0.0.1",
      port,
      path: AUTHORIZE_PATH,
      body,
      accept: isAllow,
      ...more,
    })
    generators.push(generator)
    await generator.closedLoop(16, 10_000) // warm
    return generator
  }
  try {
    await issuer.add("es", "ES256")
    const token = await issuer.sign(AUDIENCE, { claims: { sub: SUBJECT, exp: Math.floor(Date.now() / 1000) + 3_600 } })
    const authority = await Authority.make(folder, "authority")
    const [server, client] = await Promise.all([authority.issueServer(), authority.issue({ uris: [SPIFFE] })])
    const ca = join(folder, "ca.crt")
    writeFileSync(ca, authority.pem)
    const tls = { ca: readFileSync(ca), cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }
    const jwt = ["--jwt-issuers", `${issuer.url} ${AUDIENCE}`]
    const onTls = ["--tls-cert", server.certFile, "--tls-key", server.keyFile, "--tls-client-ca", ca]

    const asked = await start([], jwt)
    const onCertificates = await start([], [...jwt, ...onTls])
    const nobody = await start(["--import", NOBODY_ASKED], [])
    const nobodyOnTls = await start(["--import", NOBODY_ASKED], onTls.slice(0, 4))
    await bind(asked, issuer, null)
    await bind(onCertificates, issuer, { ca, client })

    const plain = await open(nobody.port, { key: null })
    const encrypted = await open(nobodyOnTls.port, { key: null, tls: { ca: tls.ca } })
    const rows: Row[] = []
    const against = async (name: string, generator: Generator, baseline: Generator, named: string) =>
      rows.push(
        await compare(
          { name, unit: "rps", durable: "fsync=on", generator: "own HTTP/2 generator, 64 in flight", against: named },
          () => throughput(generator),
          () => throughput(baseline),
        ),
      )
    const byKey = await open(asked.port, { key: asked.key })
    const byToken = await open(asked.port, { key: token })
    const byCertificate = await open(onCertificates.port, { key: null, tls })
    const byBoth = await open(onCertificates.port, { key: token, tls })
    await against("authn-overhead-key", byKey, plain, "nobody asked")
    await against("authn-overhead-jwt", byToken, plain, "nobody asked")
    await against("authn-overhead-mtls", byCertificate, plain, "nobody asked")
    await against("authn-overhead-mtls-tls", byCertificate, encrypted, "nobody asked, TLS")
    await against("authn-overhead-mtls-jwt", byBoth, plain, "nobody asked")
    await against("authn-overhead-mtls-jwt-tls", byBoth, encrypted, "nobody asked, TLS")
    return rows
  } finally {
    for (const generator of generators) generator.close()
    for (const daemon of daemons) await daemon.stop()
    issuer.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function bind(
  daemon: RunningDaemon,
  issuer: OidcIssuer,
  tls: { readonly ca: string; readonly client: Files } | null,
): Promise<void> {
  const admin = connect({
    target: daemon.address.grpc,
    key: readKey(daemon, "admin"),
    ...(tls && { caFile: tls.ca, clientCert: tls.client }),
  })
  for (const principal of [SPIFFE, `jwt:${issuer.url}|${SUBJECT}`])
    await admin.call("admin", "PutBinding", { binding: { principal, role: "pep" } })
  admin.close()
}

async function throughput(generator: Generator): Promise<number> {
  const started = performance.now()
  const { latenciesMs, refused } = await generator.closedLoop(64, CALLS)
  if (refused > 0) throw new Error(`${refused} of ${latenciesMs.length} replies were not an ALLOW with a token`)
  return latenciesMs.length / ((performance.now() - started) / 1000)
}
