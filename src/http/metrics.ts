/** Metrics alone, for what is no daemon. */
import { Hono } from "hono"

export function buildMetricsApp(text: () => Promise<string>): Hono {
  const app = new Hono()
  app.get("/metrics", async (context) =>
    context.body(await text(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  )
  return app
}
