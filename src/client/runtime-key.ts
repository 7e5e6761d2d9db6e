/** The key that a runtime signs with. It is in this process's memory; what `writ exec` guards gets neither file nor descriptor of it. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { WritError } from "../errors.ts"
import type { RuntimeKey } from "./runtime-session.ts"

const OTHERS = 0o077

/** A new one: the runtime cannot register again with it once this process has ended. */
export function makeRuntimeKey(): RuntimeKey {
  return toRuntimeKey(generateKeyPairSync("ed25519").privateKey)
}

/** PKCS#8 PEM of an Ed25519 key that nobody else may read. CONFIG_INVALID. */
export function readRuntimeKey(path: string): RuntimeKey {
  const invalid = (why: string, cause?: unknown) =>
    new WritError("CONFIG_INVALID", `The runtime key ${path} ${why}`, { cause })
  let pem: string
  try {
    if ((statSync(path).mode & OTHERS) !== 0) throw invalid(`can be read by others. Run: chmod 600 ${path}`)
    pem = readFileSync(path, "utf8")
  } catch (cause) {
    if (cause instanceof WritError) throw cause
    throw invalid(`cannot be read (${(cause as NodeJS.ErrnoException).code}).`, cause)
  }
  let key: KeyObject | null = null
  try {
    key = createPrivateKey(pem)
  } catch {}
  if (key?.asymmetricKeyType !== "ed25519")
    throw invalid(
      `is not an Ed25519 key in PKCS#8 PEM. Make one: (umask 077; openssl genpkey -algorithm ed25519 -out ${path})`,
    )
  return toRuntimeKey(key)
}

function toRuntimeKey(key: KeyObject): RuntimeKey {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" })
  return { publicKey: new Uint8Array(spki.subarray(-32)), sign: (message) => sign(null, message, key) }
}
