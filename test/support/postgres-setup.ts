/** One Postgres for the integration suites, with a migrated template database. */
import { join } from "node:path"
import pg from "pg"
import type { TestProject } from "vitest/node"
import { startEmbedded } from "../../src/store/embedded.ts"
import { migrate } from "../../src/store/migrate.ts"
import { makeFolder } from "./folder.ts"

declare module "vitest" {
  interface ProvidedContext {
    postgres: { host: string; port: number; user: string; password: string; database: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = makeFolder()
  const embedded = await startEmbedded({ dataFolder: folder.path, settings: ["max_connections=100"] })
  const admin = new pg.Client(embedded.connection)
  await admin.connect()
  await admin.query("CREATE DATABASE writ_template")
  await admin.end()
  const template = new pg.Client({ ...embedded.connection, database: "writ_template" })
  await template.connect()
  await migrate(template, join(import.meta.dirname, "..", "..", "migrations"))
  await template.end()
  project.provide(
    "postgres",
    embedded.connection as { host: string; port: number; user: string; password: string; database: string },
  )
  return async () => {
    await embedded.stop()
    folder.remove()
  }
}
