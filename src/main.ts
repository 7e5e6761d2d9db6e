#!/usr/bin/env -S node --max-semi-space-size=32
// A young generation of 32 MiB outlives what is in flight, so that little of a call grows old: docs/adr/0014.
import { runCli } from "./cli/cli.ts"

const EXIT_LIMIT_MS = 1_000

// `writ … | head` closes our output: that is the reader's right, not an error. Who has something to end first listens too.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
  if (process.stdout.listenerCount("error") === 1) process.exit(0)
})
// What is said beside it is then lost, and nothing else.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})
process.exitCode = await runCli(process.argv)
// The work is done: what still holds the process, such as a connection to a frozen Postgres, does not hold it for long.
setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref()
