/** Proofs that the daemon gives over gRPC: of a log of ten million records against one of a million, each checked. */
import pg from "pg"
import { connect } from "../src/client/connect.ts"
import { nativeCrypto } from "../src/crypto.ts"
import { describeDurability } from "../src/store/durability.ts"
import { verifyConsistency, verifyInclusion } from "../src/verify/merkle.ts"
import type { Verdict } from "../src/verify/types.ts"
import { compare, median, type Row } from "./compare.ts"
import { type LargeLog, makeLog } from "./large-log.ts"
import { databaseOf, readKey, startDaemonProcess } from "./subjects.ts"

const CALLS = 500
const LIMIT_MS = 60_000

/** Asks for one proof; answers how it is checked. */
type Ask = (log: LargeLog) => Promise<() => Verdict>

export async function benchProofs(): Promise<Row[]> {
  const daemon = await startDaemonProcess()
  const client = new pg.Client(databaseOf(daemon))
  await client.connect()
  const auditor = connect({ target: daemon.address.grpc, key: readKey(daemon, "auditor") })
  const call = <Reply>(method: string, request: object) => auditor.call<Reply>("lineage", method, request, LIMIT_MS)
  try {
    const durable = await describeDurability(client)
    const small = await makeLog(client, 101, "bench.example/1m", 1_000_000)
    const large = await makeLog(client, 102, "bench.example/10m", 10_000_000)
    await client.query("VACUUM ANALYZE entry, tile")

    const inclusion: Ask = async ({ origin, size, root }) => {
      const index = Math.floor(Math.random() * size)
      const request = { log: origin, leaf_index: index, tree_size: size }
      const reply = await call<{ leaf_hash: Buffer; proof: Buffer[] }>("GetInclusionProof", request)
      const { leaf_hash: leafHash, proof } = reply
      const input = { leafIndex: BigInt(index), treeSize: BigInt(size), leafHash, proof, rootHash: root }
      return () => verifyInclusion(input, nativeCrypto)
    }
    const consistency: Ask = async ({ origin, size, root, roots }) => {
      const sizes = [...roots.keys()]
      const size1 = sizes[Math.floor(Math.random() * sizes.length)] as number
      const { proof } = await call<{ proof: Buffer[] }>("GetConsistencyProof", { log: origin, size1, size2: size })
      const root1 = roots.get(size1) as Uint8Array
      const input = { size1: BigInt(size1), size2: BigInt(size), root1, root2: root, proof }
      return () => verifyConsistency(input, nativeCrypto)
    }
    const p50 = async (log: LargeLog, ask: Ask) => {
      const times: number[] = []
      for (let i = 0; i < CALLS; i++) {
        const started = performance.now()
        const check = await ask(log)
        times.push(performance.now() - started)
        const { valid, reason } = check()
        if (!valid) throw new Error(`a proof of ${log.origin} is wrong: ${reason}`)
      }
      return median(times)
    }
    const named = (name: string) => ({
      name,
      durable,
      unit: "ms p50",
      against: "the same of 1 million records",
      generator: "grpc-js client, one call at a time, each of another record",
    })
    const rows: Row[] = []
    for (const [name, ask] of [
      ["proofs-inclusion", inclusion],
      ["proofs-consistency", consistency],
    ] as const)
      rows.push(
        await compare(
          named(name),
          () => p50(large, ask),
          () => p50(small, ask),
        ),
      )
    return rows
  } finally {
    auditor.close()
    await client.end()
    await daemon.stop()
  }
}
