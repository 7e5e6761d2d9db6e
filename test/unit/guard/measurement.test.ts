import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import {
  encodeCommand,
  type MeasurementInput,
  toCodeDigest,
  toConfigDigest,
  toMeasurement,
  toMeasurementDigest,
} from "../../../src/guard/measurement.ts"

const sha256 = (...parts: (string | Buffer)[]) =>
  createHash("sha256")
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest("hex")
const A = sha256("a")
const B = sha256("b")
const INPUT: MeasurementInput = {
  files: [{ path: "/srv/run", sha256: A }],
  command: ["./run", "ü", ""],
  workingFolder: "/srv",
  environment: { PATH: "/bin", HOME: "/root", b: "1" },
  user: { uid: 65_534, gid: 65_533 },
  image: null,
}

describe("toMeasurement", () => {
  test("a program's code is its file's digest, a script's covers its interpreters", () => {
    expect(toMeasurement(INPUT).code).toBe(A)
    const script = toMeasurement({ ...INPUT, files: [...INPUT.files, { path: "/bin/sh", sha256: B }] })
    expect(script.code).toBe(sha256("writ/code/v1\n", Buffer.from(A, "hex"), Buffer.from(B, "hex")))
    expect(toCodeDigest([B, A])).not.toBe(script.code)
  })

  test("the arguments' digest is that of the bytes that are sent as parameters", () => {
    expect(Buffer.from(encodeCommand(INPUT.command)).toString()).toBe('{"argv":["./run","ü",""]}')
    expect(toMeasurement(INPUT).arguments).toBe(sha256('{"argv":["./run","ü",""]}'))
  })

  test("environment variables are named, sorted, and their values are nowhere", () => {
    const measurement = toMeasurement({ ...INPUT, environment: { Z: "secret", A: "secret" } })
    expect(measurement.environment).toEqual(["A", "Z"])
    expect(JSON.stringify(measurement)).not.toContain("secret")
  })

  test("an argument that is no Unicode text is refused", () => {
    expect(() => toMeasurement({ ...INPUT, command: ["\ud800"] })).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST" }),
    )
  })
})

describe("toMeasurementDigest", () => {
  test("digests are those of the documented bytes", () => {
    const measurement = toMeasurement(INPUT)
    const args = sha256('{"argv":["./run","ü",""]}')
    const config = `{"arguments":"${args}","environment":["HOME","PATH","b"],"user":{"gid":65533,"uid":65534},"workingFolder":"/srv"}`
    expect(toConfigDigest(measurement)).toBe(sha256("writ/config/v1\n", config))
    const whole = `{"arguments":"${args}","code":"${A}","environment":["HOME","PATH","b"],"files":[{"path":"/srv/run","sha256":"${A}"}],"image":null,"user":{"gid":65533,"uid":65534},"v":1,"workingFolder":"/srv"}`
    expect(toMeasurementDigest(measurement)).toBe(sha256("writ/measurement/v1\n", whole))
  })

  test.each([
    ["files", { files: [{ path: "/srv/run", sha256: B }] }],
    ["path", { files: [{ path: "/srv/other", sha256: A }] }],
    ["command", { command: ["./run", "ü"] }],
    ["workingFolder", { workingFolder: "/" }],
    ["environment", { environment: { PATH: "/bin" } }],
    ["user", { user: { uid: 0, gid: 65_533 } }],
    ["image", { image: B }],
  ])("another %s is another measurement", (_, change) => {
    expect(toMeasurementDigest(toMeasurement({ ...INPUT, ...change }))).not.toBe(
      toMeasurementDigest(toMeasurement(INPUT)),
    )
  })
})
