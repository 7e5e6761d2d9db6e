/** Why a door could not be opened, and what to do: one line. grpc-js tells the reason only in its text. */
import { WritError } from "./errors.ts"

/** ADDRESS_IN_USE, or CONFIG_INVALID for an address that this machine does not have or this user may not take. */
export function toBindError(door: "gRPC" | "HTTP", host: string, port: number, cause: unknown): WritError {
  const flag = `--${door.toLowerCase()}`
  const text = cause instanceof Error ? cause.message : String(cause)
  const failed = (why: string) => `${door} cannot listen on ${host}:${port}: ${why}`
  if (text.includes("EADDRINUSE"))
    return new WritError(
      "ADDRESS_IN_USE",
      failed(`the address is in use. Stop what listens there, or choose another port with ${flag}-port.`),
      { cause },
    )
  const why = text.includes("EACCES")
    ? `this user may not take the port. Choose one from 1024 on with ${flag}-port.`
    : text.includes("EADDRNOTAVAIL")
      ? `this machine does not have that address. Choose another with ${flag}-host.`
      : /ENOTFOUND|EAI_AGAIN|Name resolution failed|No addresses resolved/.test(text)
        ? `the name does not resolve. Choose another with ${flag}-host.`
        : `${text.replace(/\.?$/, ".")} Change ${flag}-host or ${flag}-port.`
  return new WritError("CONFIG_INVALID", failed(why), { cause })
}
