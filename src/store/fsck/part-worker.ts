/** The thread that checks parts of logs: on a connection of its own, in the snapshot of the thread that asks. */
import { once } from "node:events"
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { nativeCrypto } from "../../crypto.ts"
import type { Connection } from "../connect.ts"
import { createNames } from "./lookups.ts"
import { checkPart, type Part } from "./part.ts"
import { withSnapshot } from "./snapshot.ts"

export interface PartWorkerData {
  readonly connection: Connection
  readonly snapshot: string
}

const { connection, snapshot } = workerData as PartWorkerData
const port = parentPort as MessagePort
const { sha256 } = nativeCrypto

await withSnapshot(
  connection,
  async (store) => {
    const nameOf = await createNames(store, sha256)
    for (;;) {
      const [part] = (await once(port, "message")) as [Part | null]
      if (part === null) return
      port.postMessage(await checkPart(store, part, nameOf, sha256))
    }
  },
  snapshot,
)
