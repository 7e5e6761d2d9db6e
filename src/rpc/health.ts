/** grpc.health.v1, which needs no credential, and reflection, which needs any. */
import type * as grpc from "@grpc/grpc-js"
import { ReflectionService } from "@grpc/reflection"
import { HealthImplementation } from "grpc-health-check"
import { WritError } from "../errors.ts"
import type { Authenticator } from "../identity/authenticator.ts"
import { loadApi } from "./api.ts"
import { toServiceError } from "./status.ts"

/** NOT_SERVING until it is told otherwise. */
export function createHealth(): HealthImplementation {
  return new HealthImplementation({ "": "NOT_SERVING" })
}

/** Health streams of all callers: who watches has shown no credential. */
export const MAX_HEALTH_WATCHERS = 1_000

/** The library remembers for ever whatever name is watched: only the one that is known gets there. */
export function addHealth(server: grpc.Server, health: HealthImplementation): void {
  let watchers = 0
  const guarded = {
    addService(definition: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation) {
      const watch = implementation["watch"] as (call: unknown) => void
      const guard = (call: grpc.ServerWritableStream<{ readonly service: string }, unknown>) => {
        const refusal =
          call.request.service !== ""
            ? new WritError("NOT_FOUND", 'Health is that of the whole daemon: watch the service "".')
            : watchers >= MAX_HEALTH_WATCHERS
              ? new WritError("OVERLOADED", "As many watch the health already as may.")
              : null
        if (refusal) {
          call.emit("error", toServiceError(refusal, ""))
          return
        }
        watchers++
        call.once("cancelled", () => watchers--)
        watch(call)
      }
      server.addService(definition, { ...implementation, watch: guard } as grpc.UntypedServiceImplementation)
    },
  }
  health.addToServer(guarded)
}

/** For whoever has proven to be anybody at all. */
export function addReflection(server: grpc.Server, identify: Authenticator): void {
  const guarded = {
    addService(definition: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation) {
      const handlers = Object.entries(implementation).map(([name, handle]) => [
        name,
        (call: grpc.ServerDuplexStream<unknown, unknown>) => {
          const [header] = call.metadata.get("authorization")
          new Promise((resolve) => resolve(identify(typeof header === "string" ? header : undefined, call))).then(
            () => (handle as (call: unknown) => void)(call),
            (error: unknown) => call.emit("error", toServiceError(WritError.from(error), "")),
          )
        },
      ])
      server.addService(definition, Object.fromEntries(handlers) as grpc.UntypedServiceImplementation)
    },
  }
  new ReflectionService(loadApi()).addToServer(guarded)
}
