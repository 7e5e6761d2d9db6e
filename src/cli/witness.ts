/** `writ witness`: cosigns the checkpoints of the logs that it watches, until it is told to stop. */
import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex, utf8 } from "../formats/bytes.ts"
import { startApp } from "../http/server.ts"
import { buildWitnessApp } from "../http/witness.ts"
import { createLog } from "../log.ts"
import { makeFolder } from "../store/data-folder.ts"
import { lockFolder } from "../store/folder-lock.ts"
import { openKey } from "../store/key-files.ts"
import { createSignerState } from "../store/signer-state.ts"
import { createSigner } from "../token/signer.ts"
import { createWitness } from "../witness/witness.ts"
import { print, printJson } from "./output.ts"

export interface WitnessFlags {
  readonly data: string
  readonly name: string
  readonly log: readonly string[]
  readonly host: string
  readonly port: string
  readonly json?: boolean
}

export async function witnessCommand(flags: WitnessFlags): Promise<number> {
  const folder = resolve(flags.data)
  makeFolder(folder)
  const unlock = lockFolder(folder)
  try {
    mkdirSync(join(folder, "logs"), { recursive: true, mode: 0o700 })
    const witness = createWitness({
      name: flags.name,
      signer: createSigner(openKey(join(folder, "witness.key"))),
      logs: flags.log,
      // The origin is the log's own text: in a file's name it stands as a hash.
      stateOf: (origin) => createSignerState(join(folder, "logs", toHex(nativeCrypto.sha256(utf8(origin))))),
      crypto: nativeCrypto,
      wallMs: () => Date.now(),
    })
    const port = Number(flags.port)
    if (!/^[0-9]{1,5}$/.test(flags.port) || port > 65_535)
      throw new WritError("CONFIG_INVALID", `--port must be a whole number from 0 to 65535, not "${flags.port}".`)
    const http = await startApp(buildWitnessApp(witness, createLog({ level: "info" })), { host: flags.host, port })
    const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")])
    const url = `http://${http.address}`
    if (flags.json) printJson({ url, vkey: witness.verifierKey, logs: witness.origins })
    else {
      print(`Witness ${flags.name} on ${url}, for ${witness.origins.join(", ")}. Give a log's daemon:`)
      print(`  --witnesses "${url} ${witness.verifierKey}"`)
    }
    await stopped
    await http.close()
    return 0
  } finally {
    unlock()
  }
}
