/** `writ serve`: start, say what was started, run until told to stop. */
import { startDaemon } from "../app.ts"
import { loadConfig, SETTINGS } from "../config.ts"
import { EXIT_CODES } from "../errors.ts"
import { createLog } from "../log.ts"
import type { Flags } from "./cli.ts"
import { printJson } from "./output.ts"

export async function serveCommand(flags: Flags): Promise<number> {
  const camel = (key: string) => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const config = loadConfig(
    Object.fromEntries(SETTINGS.map(({ key }) => [key, flags[camel(key)] as string | undefined])),
  )
  const log = createLog({ level: config.logLevel })
  // From the first moment on: a Ctrl-C while starting stops as soon as the start is done.
  const asked = new Promise<string>((resolve) => {
    process.on("SIGTERM", () => resolve("SIGTERM"))
    process.on("SIGINT", () => resolve("SIGINT"))
  })
  const daemon = await startDaemon(config, log)
  process.on("SIGHUP", () => void daemon.reloadPolicy())
  if (flags["json"]) printJson(daemon.summary)
  else process.stdout.write(`${describe(daemon.summary)}\n`)
  const reason = await Promise.race([asked, daemon.failed])
  if (typeof reason === "string") {
    log.info({ reason }, "stopping: what was accepted is answered and recorded first")
    await daemon.stop()
    log.info("stopped")
    return 0
  }
  log.fatal({ code: reason.code }, reason.message)
  await daemon.stop()
  return EXIT_CODES[reason.code] ?? 1
}

function describe(summary: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(summary).map((key) => key.length))
  return [
    "Writ: no writ, no execution.",
    ...Object.entries(summary).map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
  ].join("\n")
}
