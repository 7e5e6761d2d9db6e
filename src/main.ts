#!/usr/bin/env node
import { runCli } from "./cli/cli.ts"

const EXIT_LIMIT_MS = 1_000

// `writ … | head` closes our output: that is the reader's right, not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
})
process.exitCode = await runCli(process.argv)
// The work is done: what still holds the process, such as a connection to a frozen Postgres, does not hold it for long.
setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref()
