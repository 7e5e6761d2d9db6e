// A guard as `writ exec` will be one, without a daemon: measures, starts, supervises. Takes its options as JSON in argv[2], runs the built
// src/guard from the folder in argv[3], and writes events as JSON lines to descriptor 3.
import { existsSync, writeSync } from "node:fs"
import { pathToFileURL } from "node:url"

const options = JSON.parse(process.argv[2])
const load = (name) => import(pathToFileURL(`${process.argv[3]}/guard/${name}.js`).href)
const emit = (event, rest = {}) => writeSync(3, `${JSON.stringify({ event, ...rest })}\n`)
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const { probeIsolation, toDefaultUser } = await load("isolation")
const { scrubEnvironment } = await load("environment")
const { measure } = await load("measure")
const { start } = await load("start")
const { supervise } = await load("supervise")
const { createMeasureRunning } = await load("measure-running")
const { toExitCode } = await load("exit-codes")

try {
  const probed = probeIsolation()
  const isolation = options.group ? { ...probed, namespace: null } : probed
  emit("probed", { namespace: isolation.namespace?.options ?? null, setpriv: isolation.setpriv })
  const measured = measure({
    command: options.command,
    workingFolder: options.workingFolder ?? process.cwd(),
    environment: scrubEnvironment(process.env),
    user: options.user ?? toDefaultUser(isolation),
  })
  emit("measured", { measurement: measured.measurement })
  while (options.waitFor && !existsSync(options.waitFor)) await sleep(5)
  const started = await start(measured, isolation)
  const supervisor = supervise(started)
  emit("started", { pid: started.pid, notGuaranteed: started.notGuaranteed })
  if (options.stopAfterMs !== undefined)
    setTimeout(() => supervisor.stop(options.graceMs).then((times) => emit("stopped", { times })), options.stopAfterMs)
  if (options.beatMs) {
    const now = createMeasureRunning(measured, started.pid)
    let last = ""
    const beat = () => {
      const running = now()
      const json = JSON.stringify(running)
      if (json !== last) emit("beat", { running })
      last = json
    }
    beat()
    const timer = setInterval(beat, options.beatMs)
    supervisor.outcome.then(() => clearInterval(timer))
  }
  const outcome = await supervisor.outcome
  emit("ended", { outcome })
  measured.close()
  process.exitCode = toExitCode(outcome)
} catch (error) {
  emit("failed", { code: error.code, message: error.message })
  process.exitCode = 125
}
