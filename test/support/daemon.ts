/** The daemon in this process, on a test database: real sockets, real Postgres, its own data folder. */
import { join } from "node:path"
import { type Daemon, startDaemon } from "../../src/app.ts"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { loadConfig } from "../../src/config.ts"
import type { Role } from "../../src/decision/state.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { createLog } from "../../src/log.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { makeFolder } from "./folder.ts"

export interface TestDaemon {
  readonly daemon: Daemon
  readonly data: string
  client(role: Role): WritClient
  key(role: Role): string
  stop(): Promise<void>
}

export async function startTestDaemon(
  databaseUrl: string,
  flags: Readonly<Record<string, string>> = {},
  data?: string,
): Promise<TestDaemon> {
  const folder = makeFolder()
  const path = data ?? join(folder.path, "data")
  // A machine that is busy with other suites may take seconds to commit; tests of the limit itself set their own.
  const usual = { "grpc-port": "0", "http-port": "0", "append-timeout-ms": "10000" }
  const config = loadConfig({ data: path, ...usual, "database-url": databaseUrl, ...flags }, {})
  const daemon = await startDaemon(config, createLog({ level: "fatal" }))
  const clients: WritClient[] = []
  return {
    daemon,
    data: path,
    key: (role) => readApiKey(path, role),
    client(role) {
      // What the daemon answers is what is tested: nothing is tried again.
      const client = connect({ target: daemon.addresses.grpc, key: readApiKey(path, role), maxTries: 1 })
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.close()
      await daemon.stop()
      folder.remove()
    },
  }
}

let counter = 0
/** A request that the example bundle allows. */
export function readPage(more: JsonObject = {}): JsonObject {
  return {
    request_id: `r-${process.pid}-${Date.now()}-${counter++}`,
    audience: "runner",
    subject: { type: "agent", id: "agent:researcher", properties: { team: "research" } },
    action: { name: "http.get" },
    resource: { type: "url", id: "https://example.com/" },
    ...more,
  }
}

export async function authorize(client: WritClient, request: JsonObject = readPage()): Promise<AuthorizeReply> {
  return await client.call<AuthorizeReply>("authorization", "Authorize", toWireRequest(request))
}
