#!/usr/bin/env node
import { runCli } from "./cli/cli.ts"

// `writ … | head` closes our output: that is the reader's right, not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
})
process.exitCode = await runCli(process.argv)
