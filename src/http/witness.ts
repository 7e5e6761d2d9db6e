/** A witness's HTTP: `add-checkpoint`, and what it has cosigned last. */
import { Hono } from "hono"
import { bodyLimit } from "hono/body-limit"
import type { Logger } from "../log.ts"
import type { Witness } from "../witness/witness.ts"

/** 63 hashes and a note with a few signatures. */
const MAX_BODY_BYTES = 64 * 1024

export function buildWitnessApp(witness: Witness, log: Logger): Hono {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }))
  app.post("/add-checkpoint", async (context) => {
    const { status, type, body } = await witness.addCheckpoint(await context.req.text())
    if (status === 422 || status === 409) log.warn({ status, answer: body.trim() }, "a checkpoint was not cosigned")
    return context.body(body, status, { "content-type": type })
  })
  app.get("/healthz", (context) => context.json({ live: true }))
  app.notFound((context) => context.text("A witness takes POST /add-checkpoint.\n", 404))
  app.onError((err, context) => {
    log.error({ err }, "a request failed; nothing was cosigned")
    return context.text("The witness cannot remember what it cosigns now. Try again.\n", 500)
  })
  return app
}
