/** `writ init`: a data folder; with --compose what docker-compose.yml needs; with --production all that a deployment needs. */
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { WritError } from "../../errors.ts"
import { PACKAGE_ROOT } from "../../rpc/api.ts"
import { ROLES } from "../../rpc/roles.ts"
import { openDataFolder } from "../../store/data-folder.ts"
import { writeDurably } from "../../store/signer-state.ts"
import type { Flags } from "../cli.ts"
import { print, printJson } from "../output.ts"
import { makeAuthority } from "./certificates.ts"
import { writeProduction } from "./production.ts"

const EXAMPLE = join(PACKAGE_ROOT, "examples", "agent-tools")
const COMPOSE_FOLDER = "compose-data"

export async function initCommand(flags: Flags): Promise<number> {
  if (flags["production"] !== undefined) return await initProduction(flags)
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

async function initProduction(flags: Flags): Promise<number> {
  const path = resolve(flags["production"] as string)
  const hosts = ((flags["host"] as string | undefined) ?? "")
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "")
  const written = await writeProduction(path, {
    hosts,
    trustDomain: (flags["trustDomain"] as string | undefined) ?? hosts[0] ?? "",
    database: (flags["database"] as string | undefined) ?? "localhost:5432",
  })
  if (flags["json"]) printJson({ path, files: written })
  else {
    for (const { name, what } of written) print(`  ${name.padEnd(20)} ${what}`)
    print(`Made ${path}. What to do with it, in order: ${join(path, "NEXT.md")}`)
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
  const authority = await makeAuthority("Writ compose authority") // its key is not kept
  const { certificate, key } = await authority.issueServer(["localhost", "writ", "127.0.0.1"])
  writeDurably(join(path, "tls", "ca.crt"), authority.certificate, 0o644)
  writeDurably(join(path, "tls", "server.crt"), certificate, 0o644)
  writeDurably(join(path, "tls", "server.key"), key)
  const password = randomBytes(24).toString("base64url")
  writeDurably(join(path, "postgres-password"), password)
  writeDurably(join(path, "daemon.env"), `WRIT_DATABASE_URL=postgresql://writ:${password}@postgres:5432/writ\n`)
}
