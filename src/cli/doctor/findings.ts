/** What `writ doctor` looks at, item by item: each says what it found, and what is wrong says how it is mended. */
import { X509Certificate } from "node:crypto"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../../config.ts"
import { sha256 } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import { readTls } from "../../identity/tls-files.ts"
import { formatProblem } from "../../policy/format-problem.ts"
import { loadPolicy } from "../../policy/load.ts"
import { readSecret } from "../../secret-file.ts"
import { parseDatabaseUrl, withTool } from "../../store/connect.ts"
import { isDiskLow } from "../../store/data-folder.ts"
import { assertDurable, describeDurability } from "../../store/durability.ts"
import { readPolicyFolder } from "../../store/policy-folder.ts"
import { readRights } from "../../store/privileges.ts"

export interface Finding {
  readonly item: string
  /** A warning lets a daemon start; a problem does not, or makes it unsafe. */
  readonly state: "ok" | "warning" | "problem"
  readonly text: string
  readonly fix?: string
}
type Found = Omit<Finding, "item">

const DAY_MS = 86_400_000
const EXPIRY_WARN_DAYS = 30

const ok = (text: string): Found => ({ state: "ok", text })
const warning = (text: string, fix: string): Found => ({ state: "warning", text, fix })
const problem = (text: string, fix?: string): Found => ({ state: "problem", text, ...(fix !== undefined && { fix }) })

/** Changes nothing, and asks no daemon. */
export async function diagnose(config: Config, nowMs: number): Promise<readonly Finding[]> {
  const items: readonly [string, () => Found | Promise<Found>][] = [
    ["data folder", () => ofFolder(config)],
    ["API keys", () => ofApiKeys(config)],
    ["disk", () => ofDisk(config)],
    ["listening", () => ofListening(config)],
    ["TLS", () => ofTls(config, nowMs)],
    ["authentication", () => ofAuthentication(config)],
    ["database", () => ofDatabase(config)],
    ["policy", () => ofPolicy(config)],
    ["two persons", () => ofTwoPersons(config)],
    ["witnesses", () => ofWitnesses(config)],
  ]
  const findings: Finding[] = []
  for (const [item, look] of items) {
    try {
      findings.push({ item, ...(await look()) })
    } catch (thrown) {
      if (!(thrown instanceof WritError)) throw thrown
      findings.push({ item, ...problem(thrown.message) })
    }
  }
  return findings
}

function ofFolder({ dataFolder }: Config): Found {
  const keys = join(dataFolder, "keys")
  if (!existsSync(keys)) return warning(`${dataFolder} has not been made.`, `Run: writ init --data ${dataFolder}`)
  for (const folder of [keys, join(dataFolder, "api-keys")]) {
    if (!existsSync(folder)) continue
    const { mode, uid } = statSync(folder)
    if ((mode & 0o077) !== 0) return problem(`${folder} can be read by others.`, `Run: chmod 700 ${folder}`)
    const own = process.getuid?.() ?? uid
    if (uid !== own && own !== 0)
      return problem(`${folder} belongs to user ${uid}, and this is ${own}.`, "Run this as the daemon's user.")
    for (const name of readdirSync(folder)) readSecret(join(folder, name))
  }
  return ok(`${dataFolder}: secrets are readable by their owner alone.`)
}

function ofApiKeys({ dataFolder, development, grpc, http }: Config): Found {
  if (![...grpc.authentication, ...http.authentication].includes("key")) return ok("They are not taken.")
  const folder = join(dataFolder, "api-keys")
  const roles = existsSync(folder) ? readdirSync(folder) : []
  if (roles.length === 0) return ok("No key of the first start is left here.")
  const text = `api-keys/ holds the keys of the first start (${roles.join(", ")}), which never end and hold for everything.`
  if (development) return ok(text)
  return warning(
    text,
    "Make keys with a scope and an end (`writ keys create`), or bind certificates and tokens (`writ bindings put`); then revoke these by `writ keys revoke ID` and keep the admin's elsewhere.",
  )
}

function ofDisk({ dataFolder, minFreeDiskBytes }: Config): Found {
  if (!existsSync(dataFolder)) return ok("There is nothing to hold yet.")
  if (isDiskLow(dataFolder, minFreeDiskBytes))
    return problem(
      `Less than ${minFreeDiskBytes / 2 ** 20} MiB are free in ${dataFolder}: nothing would be accepted.`,
      "Free some, or lower min-free-disk-mib.",
    )
  return ok(`More than ${minFreeDiskBytes / 2 ** 20} MiB are free.`)
}

function ofListening({ grpc, http, development }: Config): Found {
  const where = `gRPC on ${grpc.host}:${grpc.port}, HTTP on ${http.host}:${http.port}`
  if (development)
    return warning(`${where}: development mode, tokens say env: dev.`, "For production set tls-cert and tls-key.")
  return ok(where)
}

function ofTls({ grpc: { tls } }: Config, nowMs: number): Found {
  if (!tls) return ok("Not set: development mode.")
  const { endsAtMs } = readTls(tls)
  for (const [what, endMs] of [
    [tls.certFile, endsAtMs.server],
    [tls.clientCaFile, endsAtMs.clientCa],
  ] as const) {
    if (endMs === null) continue
    const days = Math.floor((endMs - nowMs) / DAY_MS)
    const date = new Date(endMs).toISOString()
    if (endMs <= nowMs)
      return problem(`A certificate in ${what} ended on ${date}.`, "Renew it: the daemon reads it by itself.")
    if (days < EXPIRY_WARN_DAYS)
      return warning(
        `A certificate in ${what} ends in ${days} days, on ${date}.`,
        "Renew it: the daemon reads it by itself.",
      )
  }
  const { subjectAltName } = new X509Certificate(readFileSync(tls.certFile))
  if (!subjectAltName)
    return problem(
      `${tls.certFile} names no host (subjectAltName), so no client can hold it against one.`,
      "Have it issued for the names that clients dial.",
    )
  return ok(`For ${subjectAltName}, until ${new Date(endsAtMs.server).toISOString()}.`)
}

function ofAuthentication({ grpc, jwt, development }: Config): Found {
  const how = grpc.authentication.join(", ")
  for (const { issuer, url } of jwt.issuers) {
    const at = url ?? issuer
    if (!/^https:/.test(at))
      return warning(`${at} is not https.`, "Use https: whoever changes the key set says who calls.")
  }
  if (!development && how === "key")
    return warning(
      "By API keys alone: whoever has the text of one, is its caller.",
      "Ask for client certificates (tls-client-ca, authentication: mtls) or tokens of an issuer (jwt-issuers): docs/callers.md.",
    )
  return ok(how)
}

async function ofDatabase({ databaseUrl, development }: Config): Promise<Found> {
  if (databaseUrl === null) {
    const text = "The embedded Postgres: one machine, one daemon."
    return development ? ok(text) : warning(text, "For production set database-url to a PostgreSQL that is backed up.")
  }
  return await withTool(parseDatabaseUrl(databaseUrl), async (client) => {
    await assertDurable(client)
    const { role, server, schema, owns, isSuperuser, isEncrypted, isLocal } = await readRights(client)
    const who = `PostgreSQL ${server} as ${role}, ${await describeDurability(client)}`
    if (isSuperuser)
      return problem(
        `${who}: a superuser may change every record, and switch the triggers off.`,
        "Make a role for the daemon, and run: writ ledger migrate --database-url OWNER'S-URL --daemon-role ROLE",
      )
    if (owns)
      return warning(
        `${who}: it owns the ledger's tables, and so may change them.`,
        "Run: writ ledger migrate --database-url OWNER'S-URL --daemon-role ROLE, and give that role's URL to the daemon.",
      )
    if (!isEncrypted && !isLocal)
      return warning(`${who}: the connection is not encrypted.`, "Add ?sslmode=verify-full to database-url.")
    return ok(schema === null ? `${who}; empty` : `${who}; schema version ${schema}`)
  })
}

function ofPolicy({ policyFolder, dataFolder }: Config): Found {
  if (!existsSync(policyFolder))
    return warning(`${policyFolder} has not been made.`, `Run: writ init --data ${dataFolder}`)
  const loaded = loadPolicy(readPolicyFolder(policyFolder), sha256)
  if (loaded.ok) return ok(`${loaded.policy.ruleCount} rules, version ${loaded.policy.version}, in ${policyFolder}`)
  return problem(
    `${policyFolder} is not valid:\n${loaded.problems.map(formatProblem).join("\n")}`,
    `Mend it, and run: writ policy check ${policyFolder}`,
  )
}

function ofTwoPersons({ policyTwoPerson, development }: Config): Found {
  if (policyTwoPerson) return ok("A bundle is activated by two operators.")
  const text = "One operator alone may activate a bundle."
  return development ? ok(text) : warning(text, "Set policy-two-person: true on every replica.")
}

function ofWitnesses({ witnesses, witnessQuorum, development }: Config): Found {
  if (witnesses.length >= witnessQuorum) return ok(`${witnessQuorum} of ${witnesses.length} cosign each checkpoint.`)
  if (witnesses.length > 0)
    return problem(
      `witness-quorum is ${witnessQuorum}, and there are ${witnesses.length} witnesses.`,
      "Name more witnesses, or lower witness-quorum.",
    )
  const text = "None: that two auditors see the same log rests on the operator."
  return development ? ok(text) : warning(text, "Name some in witnesses; `writ witness` runs one.")
}
