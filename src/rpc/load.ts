/**
 * The public API from proto/. Every request deserializer is wrapped: grpc-js answers one that throws with a bare
 * INTERNAL, so a malformed message becomes a value that the server turns into INVALID_ARGUMENT.
 */
import type * as grpc from "@grpc/grpc-js"
import { WritError } from "../errors.ts"
import { loadApi } from "./api.ts"
import { assertWellFormed, shapeOf } from "./wire.ts"

export const SERVICES = {
  authorization: "writ.v1.AuthorizationService",
  verifier: "writ.v1.VerifierService",
  lineage: "writ.v1.LineageService",
  policy: "writ.v1.PolicyService",
  admin: "writ.v1.AdminService",
} as const

/** Stands in for a request that could not be read. */
export class Malformed {
  readonly error: WritError
  /** A WritError says what is wrong with a value; anything else, that the bytes are not the method's message. */
  constructor(cause: unknown) {
    this.error = cause instanceof WritError ? cause : new WritError("MALFORMED_MESSAGE", undefined, { cause })
  }
}

export function loadService(name: string): grpc.ServiceDefinition {
  const service = loadApi()[name] as unknown as grpc.ServiceDefinition
  return Object.fromEntries(
    Object.entries(service).map(([method, definition]) => [
      method,
      { ...definition, requestDeserialize: guarded(definition.requestDeserialize, requestTypeOf(definition)) },
    ]),
  )
}

/** Encoder and decoder of a message type. */
export function messageType(name: string): { encode(value: object): Buffer; decode(bytes: Buffer): object } {
  const type = loadApi()[name] as unknown as { serialize(value: object): Buffer; deserialize(bytes: Buffer): object }
  return { encode: (value) => type.serialize(value), decode: (bytes) => type.deserialize(bytes) }
}

/** Full name of a method's request, e.g. writ.v1.AuthorizeRequest. */
function requestTypeOf(definition: {
  readonly path: string
  readonly requestType?: { readonly type?: { readonly name?: string } }
}): string {
  const service = definition.path.slice(1, definition.path.lastIndexOf("/"))
  return `${service.slice(0, service.lastIndexOf("."))}.${definition.requestType?.type?.name ?? ""}`
}

function guarded(deserialize: (bytes: Buffer) => object, type: string): (bytes: Buffer) => object {
  const shape = shapeOf(type)
  return (bytes) => {
    try {
      assertWellFormed(bytes, shape)
      return deserialize(bytes)
    } catch (cause) {
      return new Malformed(cause)
    }
  }
}
