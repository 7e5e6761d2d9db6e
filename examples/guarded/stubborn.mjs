#!/usr/bin/env node
// Ignores TERM, and so do the two processes that it starts: a shell and its sleep. All three hold one connection to the
// socket that is its argument, so who listens there sees it close when the last of them is dead. What happens is told on
// it, a JSON line each, with the time of the machine's monotonic clock in nanoseconds.
import { spawn } from "node:child_process"
import { connect } from "node:net"

const line = connect(process.argv[2])
const tell = (event) => line.write(`${JSON.stringify({ event, ns: String(process.hrtime.bigint()) })}\n`)
process.on("SIGTERM", () => tell("term"))

line.once("connect", () => {
  const helper = spawn("/bin/sh", ["-c", 'trap "" TERM; echo; sleep 600; :'], {
    stdio: ["ignore", "pipe", "inherit", line],
  })
  helper.stdout.once("data", () => tell("working"))
})
line.resume() // so that it sees the end of who listens, which is its own
line.once("close", () => process.exit())
