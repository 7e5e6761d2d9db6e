/** grpc.health.v1, which needs no credential, and reflection, which needs any. */
import type * as grpc from "@grpc/grpc-js"
import { ReflectionService } from "@grpc/reflection"
import { HealthImplementation } from "grpc-health-check"
import { WritError } from "../errors.ts"
import { loadApi } from "./api.ts"
import { toServiceError } from "./status.ts"

/** NOT_SERVING until it is told otherwise. */
export function createHealth(): HealthImplementation {
  return new HealthImplementation({ "": "NOT_SERVING" })
}

export function addHealth(server: grpc.Server, health: HealthImplementation): void {
  health.addToServer(server)
}

/** `check` throws unless the authorization header holds a valid credential. */
export function addReflection(server: grpc.Server, check: (header: string | undefined) => void): void {
  const guarded = {
    addService(definition: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation) {
      const handlers = Object.entries(implementation).map(([name, handle]) => [
        name,
        (call: grpc.ServerDuplexStream<unknown, unknown>) => {
          try {
            const header = call.metadata.get("authorization")[0]
            check(typeof header === "string" ? header : undefined)
          } catch (error) {
            call.emit("error", toServiceError(WritError.from(error), ""))
            return
          }
          ;(handle as (call: unknown) => void)(call)
        },
      ])
      server.addService(definition, Object.fromEntries(handlers) as grpc.UntypedServiceImplementation)
    },
  }
  new ReflectionService(loadApi()).addToServer(guarded)
}
