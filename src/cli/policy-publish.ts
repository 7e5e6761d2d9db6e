/** `writ policy publish DIR`: what is wrong with the bundle, or that it is stored. */
import { createPrivateKey } from "node:crypto"
import { readFileSync } from "node:fs"
import type { WritClient } from "../client/connect.ts"
import { sha256 } from "../crypto.ts"
import { BUNDLE_PAYLOAD_TYPE, bundleSigningInput } from "../decision/control.ts"
import { EXIT_CODES, WritError } from "../errors.ts"
import { toHex, utf8 } from "../formats/bytes.ts"
import { encodeDsseEnvelope } from "../formats/dsse.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import type { PolicyProblem } from "../policy/types.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import { createSigner } from "../token/signer.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { type Bundle, TIMEOUT_MS, toHexDigest } from "./policy-show.ts"
import { withClient } from "./remote.ts"

interface Published {
  readonly bundle: Bundle
  readonly already_published: boolean
}
interface Validated {
  readonly valid: boolean
  readonly problems: readonly PolicyProblem[]
  readonly disagreements: readonly {
    readonly rule: string
    readonly input: string
    readonly engine_value: string
    readonly second_value: string
  }[]
}

export async function publishCommand(folder: string, flags: Flags): Promise<number> {
  const texts = readPolicyFolder(folder)
  const files = Object.entries(texts).map(([path, text]) => ({ path, content: Buffer.from(utf8(text)) }))
  return await withClient(flags, "author", async (client) => {
    const validated = await validate(client, files)
    if (!validated.valid) return tellFaults(validated, flags)
    const envelope = signWith(flags["sign-with"] as string | undefined, texts)
    const request = { files, envelope, comment: (flags["comment"] as string | undefined) ?? "" }
    const published = await client.call<Published>("policy", "PublishBundle", request, TIMEOUT_MS)
    const digest = toHexDigest(published.bundle.digest)
    if (flags["json"]) printJson({ ...published, digest })
    else {
      const { version, rule_count } = published.bundle
      print(
        `${published.already_published ? "Published before" : "Published"}: version ${version}, ${rule_count} rules`,
      )
      print(digest)
      print(`It decides nothing yet: writ policy activate ${digest}`)
    }
    return 0
  })
}

async function validate(client: WritClient, files: readonly object[]): Promise<Validated> {
  return await client.call<Validated>("policy", "ValidateBundle", { files }, TIMEOUT_MS)
}

function tellFaults({ problems, disagreements }: Validated, flags: Flags): number {
  if (flags["json"]) printJson({ ok: false, problems, disagreements })
  else {
    for (const problem of problems) print(formatProblem(problem))
    for (const { rule, input, engine_value, second_value } of disagreements)
      print(`${rule}: this engine says ${engine_value}, cel-js says ${second_value} (on the made-up input ${input})`)
    const count = problems.length + disagreements.length
    print(`${count} ${count === 1 ? "problem" : "problems"}: nothing was published.`)
  }
  return EXIT_CODES.POLICY_INVALID as number
}

/** A DSSE envelope by the key in a PKCS#8 PEM file, which stays on this machine. */
function signWith(file: string | undefined, texts: Readonly<Record<string, string>>): Uint8Array {
  if (file === undefined) return new Uint8Array()
  const loaded = loadPolicy(texts, sha256)
  if (!loaded.ok) throw new WritError("POLICY_INVALID") // of another version than the daemon, which found it valid
  const signer = createSigner(readKey(file))
  const signature = signer.sign(bundleSigningInput(loaded.policy.canonicalBytes))
  return encodeDsseEnvelope({
    payloadType: BUNDLE_PAYLOAD_TYPE,
    payload: new Uint8Array(), // it is what the files make
    signatures: [{ keyid: toHex(signer.publicKey), signature }],
  })
}

function readKey(file: string) {
  try {
    const key = createPrivateKey(readFileSync(file))
    if (key.asymmetricKeyType === "ed25519") return key
  } catch {} // what it is not, is said below
  throw new WritError("INVALID_REQUEST", `${file} does not hold an Ed25519 private key in PKCS#8 PEM.`)
}
