/** `writ ledger proof INDEX`: a C2SP tlog-proof of one record, for anyone who knows the log's key. */
import { formatTlogProof } from "../formats/tlog-proof.ts"
import { writeDurably } from "../store/signer-state.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

interface Inclusion {
  readonly tree_size: string
  readonly leaf_hash: Buffer
  readonly proof: readonly Buffer[]
  readonly checkpoint: string
}

export async function proofCommand(index: string, flags: Flags): Promise<number> {
  const log = (flags["log"] as string | undefined) ?? ""
  const { leaf_hash, tree_size, proof, checkpoint } = await withClient(flags, "auditor", async (client) => {
    await client.call("lineage", "GetCheckpoint", { log }) // one that covers what was recorded until now
    return await client.call<Inclusion>("lineage", "GetInclusionProof", { log, leaf_index: index })
  })
  const text = formatTlogProof({ index: BigInt(index), proof, checkpoint })
  const out = flags["out"] as string | undefined
  if (out !== undefined) writeDurably(out, text, 0o644)
  if (flags["json"]) printJson({ index, tree_size, leaf_hash: leaf_hash.toString("hex"), proof: text })
  else if (out === undefined) process.stdout.write(text)
  else print(`Record ${index} of ${tree_size} is proved by ${out}; its leaf hash is ${leaf_hash.toString("hex")}.`)
  return 0
}
