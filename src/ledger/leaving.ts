/** Which records leave the database with an archive, and which stay because its tables rest on them. */
import { KINDS, type KindRow, type RecordKind } from "./kinds.ts"

/**
 * The steps of executions and what runtimes said leave. What governs stays: keys, bundles, runtimes, erasures, and every
 * record that raises the control epoch. They are few, and fsck derives tables from them.
 */
export function leavesWithArchive(kind: RecordKind | undefined): boolean {
  if (kind === undefined || !Object.hasOwn(KINDS, kind)) return false
  const { transitions, raisesEpoch }: KindRow = KINDS[kind]
  return kind === "beats" || kind === "beat_refused" || (transitions !== null && !raisesEpoch)
}
