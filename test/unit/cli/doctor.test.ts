import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { diagnose, type Finding } from "../../../src/cli/doctor/findings.ts"
import { makeAuthority } from "../../../src/cli/init/certificates.ts"
import { loadConfig } from "../../../src/config.ts"
import { PACKAGE_ROOT } from "../../../src/rpc/api.ts"
import { ROLES } from "../../../src/rpc/roles.ts"
import { openDataFolder } from "../../../src/store/data-folder.ts"
import { makeFolder } from "../../support/folder.ts"

const DAY_MS = 86_400_000
let folder: ReturnType<typeof makeFolder>
let data: string
let certificate: Readonly<Record<string, string>>
beforeEach(async () => {
  folder = makeFolder()
  data = join(folder.path, "data")
  openDataFolder(data, ROLES, join(PACKAGE_ROOT, "examples", "agent-tools"))
  const made = await (await makeAuthority("test")).issueServer(["writ.example"])
  certificate = { "tls-cert": join(folder.path, "server.crt"), "tls-key": join(folder.path, "server.key") }
  writeFileSync(certificate["tls-cert"] as string, made.certificate)
  writeFileSync(certificate["tls-key"] as string, made.key)
})
afterEach(() => folder.remove())

async function find(item: string, flags: Readonly<Record<string, string>> = {}, nowMs = Date.now()): Promise<Finding> {
  const findings = await diagnose(loadConfig({ data, ...flags }, {}), nowMs)
  return findings.find((one) => one.item === item) as Finding
}

describe("diagnose", () => {
  test("a new data folder for development has no problem, and one warning: that it is for development", async () => {
    const findings = await diagnose(loadConfig({ data }, {}), Date.now())
    expect(findings.filter(({ state }) => state !== "ok").map(({ item }) => item)).toEqual(["listening"])
    expect(findings.every(({ state, fix }) => (state === "ok") === (fix === undefined))).toBe(true)
  })

  test("a folder that was never made is no problem yet", async () => {
    rmSync(data, { recursive: true })
    for (const item of ["data folder", "policy"])
      expect(await find(item)).toMatchObject({ state: "warning", fix: `Run: writ init --data ${data}` })
  })

  test("secrets that others may read, and their folder", async () => {
    const key = join(data, "api-keys", "admin")
    chmodSync(key, 0o644)
    expect(await find("data folder")).toMatchObject({
      state: "problem",
      text: expect.stringContaining(`chmod 600 ${key}`),
    })
    chmodSync(key, 0o600)
    chmodSync(join(data, "keys"), 0o755)
    expect(await find("data folder")).toMatchObject({ state: "problem", fix: `Run: chmod 700 ${join(data, "keys")}` })
  })

  test("a disk that is full by its limit", async () => {
    expect(await find("disk", { "min-free-disk-mib": "16777216" })).toMatchObject({ state: "problem" })
  })

  test("in production: the keys of the first start, API keys alone, one operator, no witness, the embedded Postgres", async () => {
    const findings = await diagnose(loadConfig({ data, ...certificate }, {}), Date.now())
    const warned = findings.filter(({ state }) => state !== "ok")
    expect(warned.map(({ item }) => item)).toEqual([
      "API keys",
      "authentication",
      "database",
      "two persons",
      "witnesses",
    ])
    expect(warned.every(({ state }) => state === "warning")).toBe(true)
    for (const name of ROLES) rmSync(join(data, "api-keys", name))
    expect(await find("API keys", certificate)).toMatchObject({ state: "ok" })
    expect(await find("two persons", { ...certificate, "policy-two-person": "true" })).toMatchObject({ state: "ok" })
  })

  test("certificates: which hosts, until when, that they end soon or have ended, that the key is another's", async () => {
    expect(await find("TLS", certificate)).toMatchObject({ state: "ok", text: expect.stringContaining("writ.example") })
    expect(await find("TLS", certificate, Date.now() + 800 * DAY_MS)).toMatchObject({ state: "warning" })
    expect(await find("TLS", certificate, Date.now() + 900 * DAY_MS)).toMatchObject({ state: "problem" })
    const other = await (await makeAuthority("test")).issueServer(["writ.example"])
    writeFileSync(certificate["tls-key"] as string, other.key)
    expect(await find("TLS", certificate)).toMatchObject({ state: "problem" })
  })

  test("issuers whose keys come unprotected", async () => {
    const issuers = { ...certificate, "jwt-issuers": "https://login.example writ http://127.0.0.1:1/jwks" }
    expect(await find("authentication", issuers)).toMatchObject({ state: "warning" })
    const https = { ...certificate, "jwt-issuers": "https://login.example writ" }
    expect(await find("authentication", https)).toMatchObject({ state: "ok", text: "key, jwt" })
  })

  test("a database that is not there", async () => {
    const url = "postgresql://writ:MARK-password@127.0.0.1:1/writ"
    const found = await find("database", { ...certificate, "database-url": url })
    expect(found).toMatchObject({ state: "problem", text: expect.stringMatching(/cannot be reached/) })
    expect(found.text).not.toContain("MARK")
  })

  test("a policy that does not load, at its place", async () => {
    mkdirSync(join(folder.path, "policy"))
    writeFileSync(join(folder.path, "policy", "policy.yaml"), "rules: 7\n")
    const found = await find("policy", { policy: join(folder.path, "policy") })
    expect(found).toMatchObject({ state: "problem", fix: expect.stringContaining("writ policy check") })
    expect(found.text).toContain("policy.yaml")
  })

  test("a quorum of more witnesses than there are", async () => {
    const witnesses = { witnesses: "https://witness.example witness.example+00000000+AAAA" }
    expect(await find("witnesses", { ...witnesses, "witness-quorum": "2" })).toMatchObject({ state: "problem" })
    expect(await find("witnesses", witnesses)).toMatchObject({ state: "ok" })
  })
})
