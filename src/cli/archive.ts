/** `writ ledger archive …`: records of a full partition in a file, out of the database, and back. */
import type { Command } from "commander"
import { defaultDataFolder } from "../config.ts"
import type { Flags } from "./cli.ts"

type Run = (work: (...args: never[]) => Promise<number>) => (...args: unknown[]) => Promise<void>

export function addArchiveCommands(ledger: Command, run: Run): void {
  const archive = ledger
    .command("archive")
    .description("records of a full partition: in a file, out of the database, and back")
  const add = (usage: string, description: string) =>
    archive.command(usage).description(description).option("--json", "print JSON")
  const onDatabase = (usage: string, description: string) =>
    add(usage, description)
      .option("--data <folder>", "the daemon's data folder (for its embedded Postgres)", defaultDataFolder())
      .option("--database-url <url>", "the database; DATABASE_URL is read too")
  const trusting = (command: Command) => command.option("--trust <file>", "verification keys obtained elsewhere")

  onDatabase("list", "the partitions of each log, and what of them is still needed").action(
    run(async (flags: Flags) => (await import("./archive-list.ts")).archiveListCommand(flags)),
  )
  onDatabase("write <first> <file>", "write the archive of the partition that begins at this record")
    .option("--log <origin>", "where there are several logs")
    .action(
      run(async (first: string, file: string, flags: Flags) =>
        (await import("./archive-write.ts")).archiveWriteCommand(first, file, flags),
      ),
    )
  trusting(
    onDatabase("detach <file>", "as the tables' owner: take the records out of the database that this archive holds"),
  ).action(
    run(async (file: string, flags: Flags) => (await import("./archive-detach.ts")).archiveDetachCommand(file, flags)),
  )
  trusting(onDatabase("restore <file>", "as the tables' owner: bring the records of a detached archive back")).action(
    run(async (file: string, flags: Flags) =>
      (await import("./archive-restore.ts")).archiveRestoreCommand(file, flags),
    ),
  )
  trusting(
    add("verify <file>", "check an archive offline; exit code 0 valid, 1 not valid, 3 consistent but not anchored"),
  ).action(
    run(async (file: string, flags: Flags) => (await import("./archive-verify.ts")).archiveVerifyCommand(file, flags)),
  )
  trusting(add("evidence <file> <execution-id>", "evidence of an execution whose records are all in this archive"))
    .option("--out <file>", "where to save it", "evidence.json")
    .action(
      run(async (file: string, id: string, flags: Flags) =>
        (await import("./archive-evidence.ts")).archiveEvidenceCommand(file, id, flags),
      ),
    )
}
