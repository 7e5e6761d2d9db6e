/** A log, its witnesses and a monitor, each a process of its own: what keeps an operator honest, as anyone would run it. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect } from "../../src/client/connect.ts"
import { parseNote } from "../../src/formats/signed-note.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { parseTrust, verifyCheckpoint, verifyEvidence, verifyTlogProof } from "../../src/verify/index.ts"
import { type BuiltDaemon, MAIN, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const folder = makeFolder()
const data = join(folder.path, "daemon")
mkdirSync(data, { mode: 0o711 })
const children: ChildProcess[] = []
let vkey: string
let origin: string
let daemon: BuiltDaemon
const url = () => `http://${daemon.address.http}`
const text = async (path: string) => await (await fetch(`${url()}${path}`)).text()

interface RunningWitness {
  readonly url: string
  readonly vkey: string
  stop(): Promise<unknown>
}

async function startWitness(name: string, port = "0"): Promise<RunningWitness> {
  const args = [
    "witness",
    "--name",
    `w.example/${name}`,
    "--log",
    vkey,
    "--data",
    join(folder.path, name),
    "--port",
    port,
  ]
  const child = spawn(process.execPath, [MAIN, ...args, "--json"], { stdio: ["ignore", "pipe", "ignore"] })
  children.push(child)
  let out = ""
  for await (const chunk of child.stdout) {
    out += chunk
    if (out.includes("\n}\n")) break
  }
  const { url, vkey: own } = JSON.parse(out.slice(0, out.indexOf("\n}\n") + 3)) as { url: string; vkey: string }
  return {
    url,
    vkey: own,
    async stop() {
      child.kill("SIGTERM")
      return await once(child, "exit")
    },
  }
}

/** The execution's id. */
async function decide(): Promise<string> {
  const args = ["--subject", "agent:agent:researcher", "--property", "team=research", "--action", "http.get"]
  const resource = ["--resource", "url:https://example.com/"]
  const { code, out, err } = await writ(["authorize", "--data", data, ...args, ...resource, "--json"])
  if (code !== 0) throw new Error(err)
  return (JSON.parse(out) as { execution_id: string }).execution_id
}

/** Evidence as the daemon exports it now, under a checkpoint that covers it. */
async function exportEvidence(execution_id: string): Promise<Buffer> {
  const auditor = connect({ target: daemon.address.grpc, key: readApiKey(data, "auditor") })
  await auditor.call<object>("lineage", "GetCheckpoint", {})
  const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id })
  auditor.close()
  return evidence
}

async function monitor(more: readonly string[] = [], name = "monitor") {
  const { code, out } = await writ([
    "monitor",
    url(),
    "--vkey",
    vkey,
    "--data",
    join(folder.path, name),
    "--json",
    ...more,
  ])
  const report = JSON.parse(out) as {
    size: number
    entries: number
    cosignatures: number
    alarms: { alarm: string; text: string }[]
  }
  return { code, ...report }
}

async function until<T>(read: () => Promise<T>, isGood: (value: T) => boolean): Promise<T> {
  for (let i = 0; ; i++) {
    const value = await read()
    if (isGood(value)) return value
    if (i === 200) throw new Error(`it stays ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const sizeOf = (note: string) => Number(note.split("\n")[1])
const cosigners = (note: string) =>
  parseNote(note)
    .signatures.map(({ name }) => name)
    .filter((name) => name.startsWith("w.example/"))

let witnesses: RunningWitness[]
const lines = () => witnesses.map((one) => `${one.url} ${one.vkey}`)
const serve = async () => await startBuilt(data, ["--witnesses", lines().join(","), "--witness-quorum", "2"])

beforeAll(async () => {
  daemon = await startBuilt(data)
  const trust = JSON.parse(await text("/.well-known/writ.json")) as { logs: { origin: string; vkey: string }[] }
  ;({ origin, vkey } = trust.logs[0] as { origin: string; vkey: string })
  await daemon.stop()
  witnesses = [await startWitness("one"), await startWitness("two")]
  daemon = await serve()
}, 120_000)
afterAll(async () => {
  await daemon?.stop()
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL")
  folder.remove()
})

const quorum = () => ["--witness", ...witnesses.map((one) => one.vkey), "--quorum", "2"]

describe("witnesses and a monitor", () => {
  test("both cosign each checkpoint, and the monitor finds the log good, its entries too", async () => {
    const before = sizeOf(await text("/checkpoint"))
    await decide()
    const note = await until(
      () => text("/checkpoint"),
      (one) => sizeOf(one) > before,
    )
    expect(cosigners(note)).toEqual(["w.example/one", "w.example/two"])
    expect(note.startsWith(`${origin}\n`)).toBe(true)
    const key = readApiKey(data, "auditor")
    const report = await monitor([...quorum(), "--key", key])
    expect(report).toMatchObject({ code: 0, cosignatures: 2, alarms: [] })
    expect(report.entries).toBe(report.size)
    expect(await monitor([...quorum(), "--key", key])).toMatchObject({ code: 0, entries: 0 })
  })

  test("tiles never change and may be kept; entries are for auditors; nothing is shown beyond the checkpoint", async () => {
    const size = sizeOf(await text("/checkpoint"))
    const tile = await fetch(`${url()}/tile/0/000.p/${size}`)
    expect(tile.headers.get("cache-control")).toBe("max-age=31536000, immutable")
    expect(tile.headers.get("content-type")).toBe("application/octet-stream")
    expect((await tile.arrayBuffer()).byteLength).toBe(32 * size)
    expect((await fetch(`${url()}/tile/entries/000.p/${size}`)).status).toBe(401)
    const authorization = `Bearer ${readApiKey(data, "auditor")}`
    const entries = await fetch(`${url()}/tile/entries/000.p/${size}`, { headers: { authorization } })
    expect(Buffer.from(await entries.arrayBuffer()).includes('"kind":"decision"')).toBe(true)
    for (const path of ["/tile/0/000", "/tile/0/000.p/255", "/tile/1/000.p/1", "/tile/0/x000/000", "/tile/9"])
      expect((await fetch(`${url()}${path}`)).status).toBe(404)
    expect((await fetch(`${url()}/tile/0/000`, { method: "POST" })).status).toBe(405)
  })

  test("a record is proved by one text, cosignatures and all, that is checked with the keys alone", async () => {
    const proof = join(folder.path, "3.tlog-proof")
    const { code, out } = await writ(["ledger", "proof", "3", "--data", data, "--out", proof, "--json"])
    expect(code).toBe(0)
    const leafHash = Buffer.from((JSON.parse(out) as { leaf_hash: string }).leaf_hash, "hex")
    const input = { proof: readFileSync(proof, "utf8"), leafHash, origin, vkey }
    const vkeys = witnesses.map((one) => one.vkey)
    expect(verifyTlogProof({ ...input, witnesses: { vkeys, quorum: 2 } })).toMatchObject({ valid: true, index: 3n })
    expect(verifyTlogProof({ ...input, leafHash: Buffer.alloc(32) }).valid).toBe(false)
    expect((await writ(["ledger", "proof", "9999", "--data", data])).err).toMatch(/leaf_index must be below/)
  })

  test("a witness that is down lacks, which metrics and monitor say; when it is back, it cosigns what it missed", async () => {
    const [, two] = witnesses as [RunningWitness, RunningWitness]
    const earlier = await decide()
    const trustFile = join(folder.path, "trust.json")
    await writ(["trust", "--data", data, "--out", trustFile, ...quorum()])
    const trust = parseTrust(readFileSync(trustFile, "utf8"))
    const judge = (evidence: Buffer) => verifyEvidence(evidence, trust)
    const vouched = await until(
      () => exportEvidence(earlier),
      (evidence) => judge(evidence).valid,
    )
    expect(judge(vouched).checkpoints).toMatchObject([{ log: origin, cosignatures: 2 }])

    await two.stop()
    const before = await text("/checkpoint")
    const later = await decide()
    const lacking = await until(
      () => text("/checkpoint"),
      (note) => note !== before,
    )
    expect(cosigners(lacking)).toEqual(["w.example/one"])
    const file = join(folder.path, "evidence.json")
    writeFileSync(file, await exportEvidence(later))
    const refused = await writ(["verify", file, "--trust", trustFile])
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining("COSIGNATURES_LACKING: 1 of the trusted")])
    expect(await monitor(quorum())).toMatchObject({
      code: 3,
      cosignatures: 1,
      alarms: [{ alarm: "COSIGNATURES_LACKING" }],
    })
    const headers = { authorization: `Bearer ${readApiKey(data, "operator")}` }
    expect(await (await fetch(`${url()}/metrics`, { headers })).text()).toContain("writ_checkpoint_cosignatures 1\n")
    await startWitness("two", new URL(two.url).port)
    await until(
      () => text("/checkpoint"),
      (note) => cosigners(note).length === 2,
    )
    expect(await monitor(quorum())).toMatchObject({ code: 0, cosignatures: 2 })

    // The log is idle, and the checkpoint was stored when one was down: its quorum came later, and counts all the same.
    const complete = await until(
      () => exportEvidence(later),
      (evidence) => judge(evidence).valid,
    )
    writeFileSync(file, complete)
    const taken = await writ(["verify", file, "--trust", trustFile])
    expect([taken.code, taken.out]).toEqual([0, expect.stringContaining("cosigned by 2 of the trusted witnesses")])
    // From then on it is the same bytes always: the log grows, and the daemon starts again without witnesses.
    await decide()
    await daemon.stop()
    daemon = await startBuilt(data)
    await decide()
    expect(await exportEvidence(later)).toEqual(complete)
    expect(await exportEvidence(earlier)).toEqual(vouched)
    await daemon.stop()
    daemon = await serve()
  }, 120_000)

  test("an operator who begins the log anew, with all its keys, gets no cosignature, and the monitor has the proof", async () => {
    const { size: before } = await monitor(quorum())
    await daemon.stop()
    for (const name of ["postgres", "checkpoint.state"]) rmSync(join(data, name), { recursive: true })
    daemon = await serve()
    expect(cosigners(await text("/checkpoint"))).toEqual([])
    expect(await monitor(quorum())).toMatchObject({ code: 1, size: before, alarms: [{ alarm: "MISBEHAVED" }] })
    while (sizeOf(await text("/checkpoint")) <= before) await decide()
    const { alarms } = await monitor(quorum())
    expect(alarms[0]?.text).toMatch(/does not hold the [0-9]+ that it has signed before/)
    expect(cosigners(await text("/checkpoint"))).toEqual([])
    const proof = readFileSync(join(folder.path, "monitor", "misbehaviour.note"), "utf8")
    expect(verifyCheckpoint({ note: proof, origin, vkey }).valid).toBe(true)
  }, 120_000)

  test("with nothing to reach, the exit code says so", async () => {
    const { code, out } = await writ([
      "monitor",
      "http://127.0.0.1:9",
      "--vkey",
      vkey,
      "--data",
      join(folder.path, "none"),
    ])
    expect([code, out]).toEqual([4, expect.stringContaining("UNREACHABLE")])
  })

  test("bad configuration is one clear line", async () => {
    for (const [args, error] of [
      [["witness", "--name", "w", "--log", "nonsense", "--data", join(folder.path, "bad")], /NAME\+HASH\+KEY/],
      [["monitor", url(), "--vkey", "nonsense", "--data", join(folder.path, "bad")], /NAME\+HASH\+KEY/],
      [["monitor", url(), "--vkey", vkey, "--quorum", "1", "--data", join(folder.path, "bad")], /--quorum/],
      [
        ["serve", "--data", join(folder.path, "bad-daemon"), "--witnesses", "http://127.0.0.1:1"],
        /URL and a verifier key/,
      ],
      [
        ["serve", "--data", join(folder.path, "bad-daemon"), "--witnesses", `http://127.0.0.1:1 ${vkey}`],
        /key of http:\/\/127\.0\.0\.1:1 is wrong/,
      ],
      [
        ["serve", "--data", join(folder.path, "bad-daemon"), "--witnesses", `${lines()[0]},${lines()[0]}`],
        /key of \S+ is named twice/,
      ],
      [
        [
          "serve",
          "--data",
          join(folder.path, "bad-daemon"),
          "--witnesses",
          lines()[0] as string,
          "--witness-quorum",
          "2",
        ],
        /witness-quorum is 2, and witnesses names 1/,
      ],
    ] as const) {
      const { code, err } = await writ(args)
      expect(code).not.toBe(0)
      expect(err).toMatch(error)
    }
  })
})
