import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { SERVICES } from "../../src/rpc/load.ts"
import { RPC_ROLES } from "../../src/rpc/roles.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, run, startBuilt } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { has } from "../support/system-package.ts"

const PYTHON = "/usr/bin/python3" // Debian's own, whichever python is first on PATH
const ROOT = join(import.meta.dirname, "..", "..")
const MODULES = join(ROOT, "node_modules")
const REFUSED = ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"]
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Info {
  readonly reason: string
  readonly domain: string
  readonly metadata: Readonly<Record<string, string>>
}
/** One call as Python saw it. */
interface Seen {
  readonly code: string
  readonly reply?: Reply
  readonly status_code?: number | null
  readonly info?: Info | null
  /** Code of the good call that followed. */
  readonly next?: string
}
interface Reply {
  readonly [field: string]: unknown
  readonly token: string
  readonly execution_id: string
  readonly checks: readonly { readonly name: string; readonly status: string }[]
  readonly receipt: { readonly log: string; readonly leaf_index?: string; readonly leaf_hash: string }
}
interface StreamSeen {
  readonly sequence?: string
  readonly response?: Reply
  readonly info?: Info
}
interface Report {
  readonly decisions: Readonly<Record<string, Seen>> & { readonly digest: string }
  readonly stream: { burst: StreamSeen[]; after: StreamSeen; left: number; code: string }
  readonly lifecycle: Readonly<Record<string, Seen>>
  readonly inclusion: Readonly<Record<string, unknown>>
  readonly health: object
  readonly reflection: { readonly code: string; readonly services: string[]; readonly methods: string[] }
  readonly "reflection without credential": Seen
  readonly hostile: Readonly<Record<string, Seen>>
  readonly mutations: {
    readonly outcomes: Readonly<Record<"truncated" | "mutated", Readonly<Record<string, number>>>>
    readonly length: number
    readonly unexplained: readonly object[]
    readonly next: string
  }
}

/** What foreign_client.py sends, and with which reason it must be refused. */
const HOSTILE: Readonly<Record<string, string>> = {
  nothing: "INVALID_REQUEST",
  "no protobuf": "MALFORMED_MESSAGE",
  truncated: "MALFORMED_MESSAGE",
  "a length beyond the end": "MALFORMED_MESSAGE",
  "request_id not UTF-8": "INVALID_REQUEST",
  "resource.id not UTF-8": "INVALID_REQUEST",
  "a property not UTF-8": "INVALID_REQUEST",
  "a property's name not UTF-8": "INVALID_REQUEST",
  "both members of a oneof": "INVALID_REQUEST",
  "both members of a oneof, turned": "INVALID_REQUEST",
  "an unknown number of an enum": "INVALID_REQUEST",
  NaN: "INVALID_REQUEST",
  infinity: "INVALID_REQUEST",
  "a negative zero": "INVALID_REQUEST",
  "NUL in request_id": "INVALID_REQUEST",
  "NUL in subject.id": "INVALID_REQUEST",
  "NUL in resource.id": "INVALID_REQUEST",
  "NUL in audience": "INVALID_REQUEST",
  "a key twice in the parameters": "INVALID_REQUEST",
  "no request_id": "INVALID_REQUEST",
  "no subject.id": "INVALID_REQUEST",
  "no resource.type": "INVALID_REQUEST",
  "no audience": "INVALID_REQUEST",
  "request_id of 100 kB": "REQUEST_TOO_LARGE",
  "subject.id of 1 MB": "REQUEST_TOO_LARGE",
  "resource.id of 513 bytes": "REQUEST_TOO_LARGE",
  "properties of 3 MB": "REQUEST_TOO_LARGE",
  "20,000 properties": "REQUEST_TOO_LARGE",
  "VerifyToken, truncated": "MALFORMED_MESSAGE",
  "VerifyToken, both members of a oneof": "INVALID_REQUEST",
  "RevokeExecution, NUL": "INVALID_REQUEST",
  "AuthorizeBatch, none": "INVALID_REQUEST",
  "AuthorizeBatch, 65": "REQUEST_TOO_LARGE",
  "GetLineage, not UTF-8": "INVALID_REQUEST",
  "GetRecord, both members of a oneof": "INVALID_REQUEST",
  "ListRecords, a page of -1": "INVALID_REQUEST",
}

describe.skipIf(!has("python3-grpcio", [PYTHON, "-c", "import grpc, google.protobuf"]))("Python's grpcio", () => {
  const folder = makeFolder()
  let daemon: BuiltDaemon
  let report: Report
  let jwks: JSONWebKeySet

  beforeAll(async () => {
    const data = join(folder.path, "data")
    daemon = await startBuilt(data)
    const keys = join(folder.path, "keys.json")
    const roles = ["pep", "executor", "operator", "auditor"] as const
    writeFileSync(keys, JSON.stringify(Object.fromEntries(roles.map((role) => [role, readApiKey(data, role)]))), {
      mode: 0o600,
    })
    const descriptors = [
      ROOT,
      join(MODULES, "grpc-health-check", "proto", "health", "v1"),
      join(MODULES, "@grpc", "reflection", "build", "proto", "grpc", "reflection", "v1"),
    ].map((protos, i) => compile(protos, join(folder.path, `${i}.binpb`)))
    const script = join(import.meta.dirname, "foreign_client.py")
    const { code, out, err } = await run(PYTHON, [script, daemon.address.grpc, keys, ...descriptors])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    report = JSON.parse(out) as Report
    jwks = (await (await fetch(`http://${daemon.address.http}/.well-known/jwks.json`)).json()) as JSONWebKeySet
  }, 120_000) // the whole of Python's work is here
  afterAll(async () => {
    const code = await daemon?.stop()
    folder.remove()
    expect(code).toBe(0)
  })

  const decided = (name: string): Reply => {
    const seen = report.decisions[name] as Seen
    expect(seen.code).toBe("OK")
    return seen.reply as Reply
  }
  const refused = (name: string): Seen => report.decisions[name] as Seen

  describe("decisions", () => {
    test("ALLOW: six checks passed, a receipt, and a token that jose verifies", async () => {
      const reply = decided("allow")
      expect(reply["decision"]).toBe("DECISION_ALLOW")
      expect(reply["matched_rules"]).toEqual(["payment-small"])
      expect(reply.checks.map(({ status }) => status)).toEqual(Array(6).fill("CHECK_STATUS_PASS"))
      expect(decodeProtectedHeader(reply.token)).toEqual({
        alg: "EdDSA",
        typ: "exec+jwt",
        kid: jwks.keys[0]?.kid,
      })
      const { payload } = await jwtVerify(reply.token, createLocalJWKSet(jwks), {
        audience: "runner",
        issuer: "https://writ.local",
        typ: "exec+jwt",
        currentDate: new Date(Date.parse(String(reply["expires_at"])) - 1_000), // however long Python took
      })
      expect(payload).toMatchObject({
        sub: "agent:treasurer",
        sub_type: "agent",
        action: "payment.send",
        resource: { type: "account", id: "DE02" },
        execution_id: reply.execution_id,
        dig: report.decisions.digest, // as Python's hashlib sees the parameters
        leaf: Buffer.from(reply.receipt.leaf_hash, "base64").toString("hex"),
        log: reply.receipt.log,
        use: "redeem",
        env: "dev",
      })
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(20)
      expect(payload.exp).toBe(Date.parse(String(reply["expires_at"])) / 1000)
    })

    test("DENY: a normal reply with its reason and a record, without a token", () => {
      const nothing = decided("deny")
      expect(nothing).toMatchObject({ decision: "DECISION_DENY", reasons: [{ code: "NO_MATCHING_ALLOW" }] })
      const rule = decided("deny by rule")
      expect(rule).toMatchObject({
        decision: "DECISION_DENY",
        reasons: [{ code: "DENIED_BY_RULE", rule: "http-no-metadata-service" }],
      })
      for (const reply of [nothing, rule]) {
        expect(reply.token).toBeUndefined()
        expect(reply.execution_id).toMatch(UUID)
        expect(Buffer.from(reply.receipt.leaf_hash, "base64")).toHaveLength(32)
        expect(reply.checks.at(-1)).toMatchObject({ name: "execution_eligibility", status: "CHECK_STATUS_FAIL" })
      }
    })

    test("without a credential: UNAUTHENTICATED with ErrorInfo in the trailer", () => {
      expect(refused("no credential")).toMatchObject({
        code: "UNAUTHENTICATED",
        status_code: 16,
        info: { reason: "UNAUTHENTICATED", domain: "writ", metadata: { request_id: expect.stringMatching(UUID) } },
      })
    })

    test("with a key of another role: PERMISSION_DENIED with ErrorInfo in the trailer", () => {
      expect(refused("wrong role")).toMatchObject({
        code: "PERMISSION_DENIED",
        status_code: 7,
        info: { reason: "FORBIDDEN", domain: "writ", metadata: { request_id: expect.stringMatching(UUID) } },
      })
    })

    test("a repeated request_id gets the recorded verdict and the same token", () => {
      const { times: _, ...first } = decided("first")
      const { times: __, repeated_request, ...repeat } = decided("repeat")
      expect(repeated_request).toBe(true)
      expect(first["repeated_request"]).toBeUndefined()
      expect(first.token.split(".")).toHaveLength(3)
      expect(repeat).toEqual(first)
    })

    test("other content under the same request_id: ALREADY_EXISTS", () => {
      expect(refused("other content")).toMatchObject({
        code: "ALREADY_EXISTS",
        info: { reason: "REQUEST_ID_REUSED", domain: "writ" },
      })
    })

    test("a passed deadline: DEADLINE_EXCEEDED, and its request_id can be asked again", () => {
      const late = refused("late")
      expect(late.code).toBe("DEADLINE_EXCEEDED")
      const after = decided("after late")
      expect(after["decision"]).toBe("DECISION_ALLOW")
      // Where it was Python that gave up, the daemon may have recorded; where the daemon did, it says that it has not.
      if (late.info) expect(after["repeated_request"]).toBeUndefined()
    })

    test("a method of a later version: UNIMPLEMENTED", () => {
      expect(refused("not built yet").code).toBe("UNIMPLEMENTED")
    })

    test("AuthorizeBatch: each of three by itself", () => {
      const [allowed, invalid, denied] = decided("batch")["results"] as { response?: Reply; status?: object }[]
      expect(allowed?.response).toMatchObject({ decision: "DECISION_ALLOW", token: expect.stringMatching(/^eyJ/) })
      expect(invalid?.status).toMatchObject({
        code: 3,
        details: [{ reason: "INVALID_REQUEST", domain: "writ", metadata: { field: "audience" } }],
      })
      expect(denied?.response).toMatchObject({ decision: "DECISION_DENY" })
    })
  })

  describe("AuthorizeStream", () => {
    test("eight in flight are all allowed, each with a token and a record of its own", () => {
      const allowed = report.stream.burst.filter(({ response }) => response)
      expect(allowed.map(({ sequence }) => Number(sequence)).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      for (const { response } of allowed) expect(response).toMatchObject({ decision: "DECISION_ALLOW" })
      expect(new Set(allowed.map(({ response }) => response?.token)).size).toBe(8)
      expect(new Set(allowed.map(({ response }) => response?.receipt.leaf_index)).size).toBe(8)
    })

    test("a message that is no protobuf is answered with a status and does not end the stream", () => {
      // It has no sequence that could be read.
      expect(report.stream.burst.find(({ sequence }) => sequence === undefined)?.info).toMatchObject({
        reason: "MALFORMED_MESSAGE",
        domain: "writ",
      })
      expect(report.stream.after).toMatchObject({ sequence: "10", response: { decision: "DECISION_ALLOW" } })
      expect(report.stream).toMatchObject({ left: 0, code: "OK" })
    })

    test("a message past its own timeout: DEADLINE_EXCEEDED, and nothing was recorded under its request_id", () => {
      expect(report.stream.burst.find(({ sequence }) => sequence === "9")?.info).toMatchObject({
        reason: "DEADLINE_EXCEEDED",
      })
      expect(report.stream.after.response?.["repeated_request"]).toBeUndefined()
    })
  })

  describe("the life of an execution", () => {
    const lived = (name: string): Reply => {
      const seen = report.lifecycle[name] as Seen
      expect(seen.code).toBe("OK")
      return seen.reply as Reply
    }

    test("VerifyToken: valid for its audience only, and not when altered", () => {
      const token = lived("token")
      expect(token).toMatchObject({ valid: true, state: "EXECUTION_STATE_AUTHORIZED", claims: { aud: "runner" } })
      const another = lived("another audience")
      expect(another["reason"]).toMatch(/^WRONG_AUDIENCE: /)
      const altered = lived("altered token")
      expect(altered["reason"]).toMatch(/^[A-Z_]+: /)
      for (const { valid, sufficient } of [another, altered])
        expect([valid, sufficient]).toEqual([undefined, undefined])
    })

    test("RevokeExecution: once, with one record; its token is invalid from then on", () => {
      const first = lived("revoke")
      expect(first["already_revoked"]).toBeUndefined()
      expect(lived("revoke again")).toEqual({ receipt: first.receipt, already_revoked: true })
      const token = lived("token after revocation")
      expect(token["valid"]).toBeUndefined()
      expect(token).toMatchObject({
        reason: expect.stringMatching(/^EXECUTION_REVOKED: /),
        state: "EXECUTION_STATE_REVOKED",
      })
    })

    test("VerifyLineage: every step holds, against a checkpoint; an unknown execution is NOT_FOUND", () => {
      const lineage = lived("lineage")
      const steps = lineage["steps"] as { step: string; result: string }[]
      expect(lineage["valid"]).toBe(true)
      expect(steps.length).toBeGreaterThan(5)
      expect(new Set(steps.map(({ result }) => result))).toEqual(new Set(["ok"]))
      expect(lineage["checkpoint"]).toMatch(/^writ\.local\//)
      expect(report.lifecycle["unknown lineage"]).toMatchObject({ code: "NOT_FOUND", info: { reason: "NOT_FOUND" } })
    })

    test("GetInclusionProof: Python hashes from the record's bytes up to the root that the checkpoint signs", () => {
      const { inclusion } = report
      expect(inclusion["leaf hash"]).toBe(inclusion["leaf hash of the receipt"])
      expect(inclusion["root"]).toBe(inclusion["root of the checkpoint"])
      expect(inclusion["size"]).toBe(inclusion["size of the checkpoint"])
      expect(inclusion["size"]).toBeGreaterThan(10)
      expect(inclusion["origin"]).toBe(inclusion["log of the receipt"])
      expect(inclusion["beyond the end"]).toMatchObject({
        code: "INVALID_ARGUMENT",
        info: { reason: "INVALID_REQUEST" },
      })
    })
  })

  describe("health and reflection", () => {
    test("health needs no credential", () => {
      expect(report.health).toEqual({ status: "SERVING" })
    })

    test("reflection lists the services and describes their methods", () => {
      expect(report.reflection.code).toBe("OK")
      expect(report.reflection.services).toEqual(expect.arrayContaining(Object.values(SERVICES)))
      const methods = Object.keys(RPC_ROLES).filter((path) => path.startsWith(`/${SERVICES.authorization}/`))
      expect(methods.length).toBeGreaterThan(4)
      expect(report.reflection.methods).toEqual(
        expect.arrayContaining(methods.map((path) => path.slice(path.lastIndexOf("/") + 1))),
      )
    })

    test("reflection without a credential: UNAUTHENTICATED", () => {
      expect(report["reflection without credential"]).toMatchObject({
        code: "UNAUTHENTICATED",
        info: { reason: "UNAUTHENTICATED", domain: "writ" },
      })
    })
  })

  describe("hostile input", () => {
    test.each(Object.entries(HOSTILE))("%s: refused with %s, and the next call is answered", (name, reason) => {
      const { code, status_code, info, next } = report.hostile[name] as Seen
      expect(code).toBeOneOf(REFUSED)
      expect(status_code).toBe(code === "INVALID_ARGUMENT" ? 3 : 8)
      expect(info).toMatchObject({
        reason,
        domain: "writ",
        metadata: { request_id: expect.stringMatching(UUID) },
      })
      expect(next).toBe("OK")
    })

    // grpc-js refuses it by its frame's length, before any code of ours, so there is no ErrorInfo.
    test("properties of 10 MB: RESOURCE_EXHAUSTED, and the next call is answered", () => {
      const { code, next } = report.hostile["properties of 10 MB"] as Seen
      expect({ code, next }).toEqual({ code: "RESOURCE_EXHAUSTED", next: "OK" })
    })

    // "Is this valid?" is answered, never refused.
    test("a token of 100 kB: not valid, and the next call is answered", () => {
      const { code, reply, next } = report.hostile["VerifyToken, 100 kB"] as Seen
      expect({ code, next }).toEqual({ code: "OK", next: "OK" })
      expect(reply).toEqual({ reason: expect.stringMatching(/^MALFORMED: .*8192/) })
    })

    test("every hostile input that Python sends is judged here", () => {
      const known = [...Object.keys(HOSTILE), "properties of 10 MB", "VerifyToken, 100 kB"]
      expect(Object.keys(report.hostile).sort()).toEqual(known.sort())
    })

    test("a request cut off at any byte is refused with a reason", () => {
      const { outcomes, length } = report.mutations
      const { INVALID_REQUEST = 0, MALFORMED_MESSAGE = 0, ...others } = outcomes.truncated
      expect(others).toEqual({})
      expect(INVALID_REQUEST + MALFORMED_MESSAGE).toBe(length)
      expect(MALFORMED_MESSAGE).toBeGreaterThan(INVALID_REQUEST)
    })

    test("400 requests with bytes changed at random: answered, or refused with a reason; the daemon lives", () => {
      const { outcomes, unexplained, next } = report.mutations
      expect(unexplained).toEqual([])
      const { OK = 0, INVALID_REQUEST = 0, MALFORMED_MESSAGE = 0, REQUEST_ID_REUSED = 0, ...others } = outcomes.mutated
      expect(others).toEqual({})
      expect(OK + INVALID_REQUEST + MALFORMED_MESSAGE + REQUEST_ID_REUSED).toBe(400)
      expect(INVALID_REQUEST).toBeGreaterThan(0)
      expect(next).toBe("OK")
    })
  })
})

/** A FileDescriptorSet of the protos in a folder, made by buf: Debian's package has no compiler. */
function compile(protos: string, out: string): string {
  const made = spawnSync(join(MODULES, ".bin", "buf"), ["build", protos, "-o", out], { encoding: "utf8" })
  expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: "" })
  return out
}
