/** One daemon per data folder: a lock file naming the process that holds it. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { WritError } from "../errors.ts"

/** Throws DATA_FOLDER_UNFIT when a living daemon holds the folder. The answer releases it. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, "daemon.lock")
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = openSync(path, "wx", 0o600)
      writeSync(file, `${process.pid} ${startTime(process.pid) ?? ""}\n`)
      closeSync(file)
      return () => rmSync(path, { force: true })
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code !== "EEXIST") {
        throw new WritError(
          "DATA_FOLDER_UNFIT",
          `The data folder ${folder} cannot be written (${code}). Choose another with --data, or change its owner.`,
          { cause },
        )
      }
      const [pid = "", started = ""] = readFileSync(path, "utf8").trim().split(" ")
      const alive = isAlive(Number(pid)) && (started === "" || startTime(Number(pid)) === started)
      if (alive && Number(pid) !== process.pid) {
        throw new WritError(
          "DATA_FOLDER_UNFIT",
          `The data folder ${folder} is in use by process ${pid}. Stop it, or choose another folder with --data.`,
        )
      }
      rmSync(path, { force: true }) // left by a daemon that was killed
    }
  }
  throw new WritError("DATA_FOLDER_UNFIT", `The data folder ${folder} is being taken by another daemon at this moment.`)
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Clock ticks since boot at which the process started, so that a reused pid is not mistaken for it; Linux only. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  } catch {
    return undefined
  }
}
