/** Where gRPC listens, and with which TLS: of a new certificate or authority the next handshake knows. */
import type { SecureContextOptions } from "node:tls"
import * as grpc from "@grpc/grpc-js"
import { toBindError } from "../bind-error.ts"
import type { Renewable } from "../identity/tls.ts"

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tls: Renewable | null
}

/** The address it listens on. Throws ADDRESS_IN_USE, CONFIG_INVALID. */
export async function listen(server: grpc.Server, { host, port, tls }: ListenOptions): Promise<string> {
  const target = host.includes(":") ? `[${host}]` : host
  const credentials = tls ? new RenewedCredentials(tls) : grpc.ServerCredentials.createInsecure()
  // Of what fails, grpc-js prints a line beside the one that we throw.
  grpc.setLogger({ error() {}, info: console.error, debug: console.error })
  return await new Promise((resolve, reject) => {
    server.bindAsync(`${target}:${port}`, credentials, (cause, bound) => {
      if (!cause) resolve(`${target}:${bound}`)
      else reject(toBindError("gRPC", target, port, cause))
    })
  })
}

class RenewedCredentials extends grpc.ServerCredentials {
  constructor(tls: Renewable) {
    super(tls.serverOptions, tls.context())
    tls.onRenewed((context: SecureContextOptions) => this.updateSecureContextOptions(context))
  }

  _equals(other: grpc.ServerCredentials): boolean {
    return other === this
  }
}
