import { expect, test } from "vitest"
import type { Logger } from "../../src/log.ts"
import { type Stops, stopInOrder } from "../../src/stop-order.ts"

const ENOUGH_MS = 5_000

function logInto(told: unknown[]): Logger {
  return { error: ({ part, err }: { part: string; err: Error }) => told.push([part, err.message]) } as unknown as Logger
}

test("parts stop one after the other: doors first, the folder last, whatever they were started in", async () => {
  const stopped: string[] = []
  const part = (name: string) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    stopped.push(name)
  }
  const stops: Stops = {}
  for (const name of ["folder lock", "pool", "appender", "gRPC", "HTTP", "health"] as const) stops[name] = part(name)
  await stopInOrder(stops, logInto([]), ENOUGH_MS)
  expect(stopped).toEqual(["health", "HTTP", "gRPC", "appender", "pool", "folder lock"])
  await stopInOrder(stops, logInto([]), ENOUGH_MS)
  expect(stopped).toHaveLength(6) // each once
})

test("what fails or hangs is told and left; what has a limit of its own is waited for", async () => {
  const told: unknown[] = []
  let isDrained = false
  const stops: Stops = {
    HTTP: () => Promise.reject(new Error("a fault")),
    gRPC: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      isDrained = true
    },
    writer: () => new Promise(() => {}),
    pool: () => {
      throw new Error("at once")
    },
  }
  await stopInOrder(stops, logInto(told), 20)
  expect(told).toEqual([
    ["HTTP", "a fault"],
    ["writer", "it took longer than 20 ms"],
    ["pool", "at once"],
  ])
  expect(isDrained).toBe(true)
})
