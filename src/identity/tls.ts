/** TLS of a listener that is renewed while it runs: whoever is connected stays so, and the next handshake sees the new files. */
import { constants } from "node:crypto"
import { unwatchFile, watchFile } from "node:fs"
import type { SecureContextOptions } from "node:tls"
import { WritError } from "../errors.ts"
import type { Logger } from "../log.ts"
import type { Authorities } from "./peer.ts"
import { isSame, readTls, type TlsMaterial, type TlsPaths, toContext } from "./tls-files.ts"

/** Polled: mounted secrets are swapped by links, of which a watch on the file says nothing. */
const LOOK_MS = 1_000
const DAY_MS = 86_400_000
/** From so long before its end on, a certificate is warned of. */
const WARN_MS = 30 * DAY_MS

export interface Renewable {
  readonly serverOptions: {
    readonly requestCert: boolean
    readonly rejectUnauthorized: boolean
    readonly secureOptions: number
    readonly minVersion: "TLSv1.2"
  }
  context(): SecureContextOptions
  onRenewed(listener: (context: SecureContextOptions) => void): void
}

export interface Tls extends Authorities {
  /** `asksClients`: every connection has to show a certificate of an authority that is trusted. */
  listener(asksClients: boolean): Renewable
  /** Of each file, Unix milliseconds: for metrics. */
  endsAtMs(): TlsMaterial["endsAtMs"]
  /** Reads the files again. What is broken is logged, and what was good stays. */
  reload(): void
  /** Warns of what ends soon. */
  warn(nowMs: number): void
  stop(): void
}

/** Throws CONFIG_INVALID. */
export function createTls(paths: TlsPaths, log: Logger): Tls {
  let material = readTls(paths)
  const listeners: ((material: TlsMaterial) => void)[] = []
  const files = [paths.certFile, paths.keyFile, ...(paths.clientCaFile === null ? [] : [paths.clientCaFile])]

  const reload = () => {
    try {
      const next = readTls(paths)
      if (isSame(next, material)) return
      material = next
      for (const tell of listeners) tell(next)
      log.info({ endsAt: new Date(next.endsAtMs.server).toISOString() }, "TLS files were read again and are in use")
    } catch (thrown) {
      // Certificate and key are two files: between their changes they do not fit, and the next look finds them whole.
      log.warn({ problem: WritError.from(thrown).message }, "changed TLS files are not in use: the last good ones are")
    }
  }
  for (const file of files) watchFile(file, { interval: LOOK_MS, persistent: false }, reload)

  return {
    current: () => material.authorities,
    listener: (asksClients) => ({
      serverOptions: {
        requestCert: asksClients,
        rejectUnauthorized: asksClients,
        minVersion: "TLSv1.2",
        // A resumed session would not be held against the authorities of now.
        secureOptions: constants.SSL_OP_NO_TICKET,
      },
      context: () => contextOf(material, asksClients),
      onRenewed: (listener) => void listeners.push((next) => listener(contextOf(next, asksClients))),
    }),
    endsAtMs: () => material.endsAtMs,
    reload,
    warn(nowMs) {
      for (const [what, endsAtMs] of Object.entries(material.endsAtMs))
        if (endsAtMs !== null && endsAtMs - nowMs < WARN_MS)
          log.warn(
            { certificate: what, endsAt: new Date(endsAtMs).toISOString() },
            endsAtMs <= nowMs
              ? "a certificate has ended"
              : "a certificate ends soon: renew it, the daemon reads it by itself",
          )
    },
    stop() {
      for (const file of files) unwatchFile(file, reload)
    },
  }
}

function contextOf(material: TlsMaterial, asksClients: boolean): SecureContextOptions {
  const { ca, ...own } = toContext(material)
  return { ...own, ...(asksClients && ca !== undefined && { ca }), secureOptions: constants.SSL_OP_NO_TICKET }
}
