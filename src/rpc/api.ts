/** The protos under proto/, loaded once. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as loader from "@grpc/proto-loader"

export const LOADER_OPTIONS: loader.Options = {
  keepCase: true,
  longs: String,
  enums: String,
  bytes: Buffer,
  defaults: true,
  oneofs: true,
}

/** src/rpc and dist/rpc are equally deep. */
export const PACKAGE_ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

let loaded: loader.PackageDefinition | undefined

/** All messages and services, loaded once. */
export function loadApi(): loader.PackageDefinition {
  const folder = join(PACKAGE_ROOT, "proto")
  if (!existsSync(folder)) throw new Error(`the folder ${folder} is missing from this installation`)
  loaded ??= loader.loadSync(
    [
      "writ/v1/authorization.proto",
      "writ/v1/verifier.proto",
      "writ/v1/lineage.proto",
      "writ/v1/policy.proto",
      "writ/v1/admin.proto",
      "google/rpc/error_details.proto",
    ],
    { ...LOADER_OPTIONS, includeDirs: [folder] },
  )
  return loaded
}
