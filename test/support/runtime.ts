/** A runtime for tests: a key, measurements, and the client's own session. */
import { generateKeyPairSync } from "node:crypto"
import type { RuntimeDescription } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { toHex, utf8 } from "../../src/formats/bytes.ts"
import { createSigner } from "../../src/token/signer.ts"

export const CODE = toHex(sha256(utf8("the program")))
export const OTHER_CODE = toHex(sha256(utf8("another program")))

let counter = 0
export function makeRuntime(change: Partial<RuntimeDescription> = {}): RuntimeDescription {
  return {
    id: `worker-${process.pid}-${counter++}`,
    key: createSigner(generateKeyPairSync("ed25519").privateKey),
    measurements: { code: CODE },
    environment: { os: "linux", node: "n1" },
    ...change,
  }
}

/** What workers may run, added to a policy. */
export const RUNTIMES_YAML = `
runtimes:
  - { id: "worker-*", measurements: { code: ["${CODE}"] } }
  - { id: "built-*", measurements: { code: ["@builds"] } }
  - { id: pet, measure: trust-on-first-use }
`

/** Agents may read pages, but only within a runtime. */
export const RUNTIMES_POLICY = `
version: "runtimes"
types:
  subjects: { agent: { known: any, properties: { team: string } } }
  resources: { url: {} }
  actions: { http.get: {} }
rules:
  - { id: get, effect: allow, subjects: [{ type: agent }], actions: [http.get], resources: [{ type: url }] }
${RUNTIMES_YAML}`
