/**
 * Whose turn it is among replicas to raise the control epoch. A courtesy, not a right: the append alone decides. Without it
 * the replica that was first once stays first, since the others learn of it one round trip later.
 */
import type pg from "pg"

const KEY = 0x5752_5455 // "WRTU"
/** Of a replica that has stopped while it was its turn nothing more is expected. */
const PATIENCE_MS = 250

/** Waits for the turn, first come, first served; answers how to give it on. Never throws. */
export async function takeTurn(pool: pg.Pool): Promise<() => void> {
  const client = await pool.connect().catch(() => null)
  if (!client) return () => {}
  try {
    await client.query("BEGIN")
    await client.query(`SET LOCAL lock_timeout = '${PATIENCE_MS}ms'`)
    await client.query("SELECT pg_advisory_xact_lock($1)", [KEY])
  } catch {} // it is somebody else's, for too long; or the connection is lost, which the append will say
  return () => {
    client.query("ROLLBACK").then(
      () => client.release(),
      () => client.release(true),
    )
  }
}
