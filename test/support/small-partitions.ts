/** Partitions of 256 records for the first logs of a database, made before its daemon comes: a real one holds 2^20. */
import type { TestDatabase } from "./database.ts"

export const SMALL = 256
const WHOLE = 2 ** 20

/** `logs`: how many logs get them; `small`: how many partitions of each are small. */
export async function makeSmallPartitions(database: TestDatabase, logs = 1, small = 2): Promise<void> {
  for (let log = 1; log <= logs; log++) {
    // The daemon looks for the first by its name alone.
    const names = Array.from({ length: small + 1 }, (_, i) => `entry_${log}_0${i === 0 ? "" : `_${i}`}`)
    for (const [i, name] of names.entries()) {
      const end = i === small ? WHOLE : (i + 1) * SMALL
      await database.query(`CREATE TABLE ${name} (LIKE entry INCLUDING ALL) WITH (toast_tuple_target = 8160)`)
      await database.query(
        `ALTER TABLE entry ATTACH PARTITION ${name} FOR VALUES FROM (${log}, ${i * SMALL}) TO (${log}, ${end})`,
      )
    }
  }
}
