/** What npm would publish, installed where nothing else is: it imports, it has types, and what docs/sdk.md shows runs. */
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect, createGuard, fromDataFolder } from "../../src/client/index.ts"
import { type BuiltDaemon, run, startBuilt } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const made = makeFolder()
const folder = realpathSync(made.path)
const data = join(folder, "data")
const consumer = join(folder, "consumer")
const examples = [...readFileSync(join(ROOT, "docs", "sdk.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code]) => code as string,
)
let daemon: BuiltDaemon

const succeed = async (command: string, args: string[], options: Parameters<typeof run>[2] = {}) => {
  const finished = await run(command, args, { limitMs: 120_000, ...options })
  expect(finished.code, `${command} ${args.join(" ")}: ${finished.err}`).toBe(0)
  return finished
}

beforeAll(async () => {
  // Packed and unpacked; its dependencies are this repository's, so that no registry is asked.
  await succeed("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT })
  const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"))
  await succeed("tar", ["xzf", join(folder, `writ-${version}.tgz`)], { cwd: folder })
  mkdirSync(join(consumer, "node_modules"), { recursive: true })
  symlinkSync(join(folder, "package"), join(consumer, "node_modules", "writ"))
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    expect(name in dependencies || name in devDependencies).toBe(true)
    const link = join(folder, "node_modules", name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, "node_modules", name), link)
  }
  const policy = join(folder, "policy")
  mkdirSync(policy)
  const example = readFileSync(join(ROOT, "examples", "agent-tools", "policy.yaml"), "utf8")
  const runtime = "runtimes:\n  - { id: tool-runner-1, measure: trust-on-first-use }\n"
  writeFileSync(join(policy, "policy.yaml"), example.replace("runtimes:\n", runtime))
  daemon = await startBuilt(data, ["--policy", policy, "--issuer", "https://writ.example"])
}, 240_000)
afterAll(async () => {
  await daemon?.stop()
  made.remove()
})

describe("the package writ, packed and installed", () => {
  test("has types that a strict consumer compiles with, and every example of docs/sdk.md runs as it says", async () => {
    expect(examples.length).toBe(4)
    const { grpc, http } = daemon.address
    writeFileSync(join(consumer, "package.json"), '{ "name": "consumer", "type": "module" }')
    for (const [i, code] of examples.entries())
      writeFileSync(
        join(consumer, `example-${i}.ts`),
        code
          .replaceAll("/var/lib/writ", data)
          .replaceAll("127.0.0.1:8080", http)
          .replace('"writ-1:50051", "writ-2:50051"', `"127.0.0.1:1", "${grpc}"`),
      )
    const flags = ["--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"]
    const strict = [...flags, "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck", "false"]
    const files = examples.map((_, i) => `example-${i}.ts`)
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc")
    const compiled = await run(process.execPath, [tsc, ...strict, ...files], { cwd: consumer, limitMs: 120_000 })
    expect(compiled).toMatchObject({ code: 0, out: "" })

    const writ = connect(fromDataFolder(data))
    let token = ""
    await createGuard(writ, {
      subject: { type: "agent", id: "agent:researcher", properties: { team: "research" } },
      audience: "tool-runner",
    })({ action: "http.get", resource: { type: "url", id: "https://example.com/" } }, (execution) => {
      token = execution.token
    })
    writ.close()
    const { key } = fromDataFolder(data)
    const env = { PEP_KEY: key.pep, EXECUTOR_KEY: key.executor, TOKEN: token }
    const said: string[] = []
    for (const file of files) {
      const { out, err } = await succeed(process.execPath, [file.replace(".ts", ".js")], { cwd: consumer, env })
      expect(err).toBe("")
      said.push(out)
    }
    expect(said[0]).toMatch(
      /^allowed, redeemed and recorded as [0-9a-f-]{36}\ncompleted: 19 characters\ndenied: DENIED_BY_RULE\n$/,
    )
    expect(said[1]).toBe("PROVISIONAL -> TRUSTED\nls in /srv\n")
    expect(said[2]).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(said[3]).toBe("valid, and must be redeemed first\n")
  })

  test("exports nothing else, and what is needed to run comes with it", async () => {
    const script = `
      const exported = await Promise.all(["writ/client", "writ/verify"].map((name) => import(name)))
      const inner = await import("writ/dist/app.js").then(() => "open", (error) => error.code)
      console.log(JSON.stringify([...exported.map((module) => Object.keys(module).sort()), inner]))`
    const { out } = await succeed(process.execPath, ["--input-type=module", "-e", script], { cwd: consumer })
    expect(JSON.parse(out)).toEqual([
      [
        ...["ApprovalRequiredError", "CallError", "DeniedError", "LeaseLostError", "ObligationError", "StoppedError"],
        ...["connect", "createGuard"],
        ...["createTokenVerifier", "fromDataFolder", "makeRuntimeKey", "readRuntimeKey", "startHeartbeatAgent"],
      ],
      [
        ...["parseTrust", "portableCrypto", "verifyArchive", "verifyBeats", "verifyCheckpoint", "verifyConsistency"],
        ...["verifyEvidence", "verifyGrant", "verifyInclusion", "verifyTlogProof", "verifyToken"],
      ],
      "ERR_PACKAGE_PATH_NOT_EXPORTED",
    ])
  })
})
