/**
 * A daemon's private keys of one use: one while none is being replaced, in a file named for the use. A key that is to
 * follow it has a file of its own beside it.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto"
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { WritError } from "../errors.ts"
import { readSecret } from "../secret-file.ts"
import { fsyncFolder, writeDurably } from "./signer-state.ts"

export interface KeyFiles {
  /** At least one. */
  readonly keys: readonly KeyObject[]
  /** A further key; when this returns it survives a power cut. */
  make(): KeyObject
  /** Forgets a key for good. */
  remove(key: KeyObject): void
}

/** Makes the first key where there is none. Throws DATA_FOLDER_UNFIT. */
export function openKeyFiles(folder: string, use: string): KeyFiles {
  const first = join(folder, `${use}.key`)
  const pattern = new RegExp(`^${use}(?:-[0-9a-f]{16})?\\.key$`)
  const paths = readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
  const files = new Map((paths.length > 0 ? paths : [first]).map((path) => [path, openKey(path)]))
  return {
    get keys() {
      return [...files.values()]
    },
    make() {
      const key = makeKey()
      const path = join(folder, `${use}-${randomBytes(8).toString("hex")}.key`)
      writeKey(path, key)
      files.set(path, key)
      return key
    },
    remove(key) {
      for (const [path, known] of files) {
        if (known !== key) continue
        rmSync(path, { force: true })
        fsyncFolder(folder)
        files.delete(path)
      }
    },
  }
}

/** An Ed25519 key, made where there is none. Throws DATA_FOLDER_UNFIT. */
export function openKey(path: string): KeyObject {
  if (!existsSync(path)) writeKey(path, makeKey())
  const key = createPrivateKey(readSecret(path))
  if (key.asymmetricKeyType !== "ed25519")
    throw new WritError("DATA_FOLDER_UNFIT", `${path} does not hold an Ed25519 key in PKCS#8 PEM.`)
  return key
}

function makeKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey
}

function writeKey(path: string, key: KeyObject): void {
  writeDurably(path, key.export({ format: "pem", type: "pkcs8" }) as string)
}
