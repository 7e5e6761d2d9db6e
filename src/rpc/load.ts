/**
 * The public API from proto/. Every request deserializer is wrapped: grpc-js answers one that throws with a bare
 * INTERNAL, so a malformed message becomes a value that the server turns into INVALID_ARGUMENT.
 */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type * as grpc from "@grpc/grpc-js"
import * as loader from "@grpc/proto-loader"

export const LOADER_OPTIONS: loader.Options = {
  keepCase: true,
  longs: String,
  enums: String,
  bytes: Buffer,
  defaults: true,
  oneofs: true,
}

export const SERVICES = {
  authorization: "writ.v1.AuthorizationService",
  lineage: "writ.v1.LineageService",
  admin: "writ.v1.AdminService",
} as const

/** Stands in for a request whose bytes are not the method's message. */
export class Malformed {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** src/rpc and dist/rpc are equally deep. */
export const PACKAGE_ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

let loaded: loader.PackageDefinition | undefined

/** All messages and services, loaded once. */
export function loadApi(): loader.PackageDefinition {
  const folder = join(PACKAGE_ROOT, "proto")
  if (!existsSync(folder)) throw new Error(`the folder ${folder} is missing from this installation`)
  loaded ??= loader.loadSync(
    ["writ/v1/authorization.proto", "writ/v1/lineage.proto", "writ/v1/admin.proto", "google/rpc/error_details.proto"],
    { ...LOADER_OPTIONS, includeDirs: [folder] },
  )
  return loaded
}

export function loadService(name: string): grpc.ServiceDefinition {
  const service = loadApi()[name] as unknown as grpc.ServiceDefinition
  return Object.fromEntries(
    Object.entries(service).map(([method, definition]) => [
      method,
      { ...definition, requestDeserialize: guarded(definition.requestDeserialize) },
    ]),
  )
}

/** Encoder and decoder of a message type. */
export function messageType(name: string): { encode(value: object): Buffer; decode(bytes: Buffer): object } {
  const type = loadApi()[name] as unknown as { serialize(value: object): Buffer; deserialize(bytes: Buffer): object }
  return { encode: (value) => type.serialize(value), decode: (bytes) => type.deserialize(bytes) }
}

function guarded(deserialize: (bytes: Buffer) => object): (bytes: Buffer) => object {
  return (bytes) => {
    try {
      return deserialize(bytes)
    } catch (cause) {
      return new Malformed(cause)
    }
  }
}
