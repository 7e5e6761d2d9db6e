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

export function addHealth(server: grpc.Server, health: HealthImplementation): void {
  health.addToServer(server)
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
