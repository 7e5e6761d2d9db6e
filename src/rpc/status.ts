/** The one way from a WritError to the wire: a gRPC status with google.rpc.Status in `grpc-status-details-bin`. */
import * as grpc from "@grpc/grpc-js"
import { ERRORS, type WritError } from "../errors.ts"
import { messageType } from "./load.ts"

const RETRY_DELAY_MS = 100
const DETAILS = "grpc-status-details-bin"

/** google.rpc.Status as proto-loader takes it. Causes stay here. */
export function toStatusMessage(
  error: WritError,
  requestId: string,
): { code: number; message: string; details: object[] } {
  const details = [
    pack("google.rpc.ErrorInfo", {
      reason: error.code,
      domain: "writ",
      metadata: { ...error.details, request_id: requestId },
    }),
    ...(error.retryable
      ? [pack("google.rpc.RetryInfo", { retry_delay: { seconds: "0", nanos: RETRY_DELAY_MS * 1_000_000 } })]
      : []),
  ]
  return { code: ERRORS[error.code].grpc, message: error.message, details }
}

export function toServiceError(error: WritError, requestId: string): grpc.StatusObject & { name: string } {
  const status = toStatusMessage(error, requestId)
  const metadata = new grpc.Metadata()
  metadata.set(DETAILS, messageType("google.rpc.Status").encode(status))
  metadata.set("x-request-id", requestId)
  return { name: "WritError", code: status.code, details: status.message, metadata }
}

/** google.rpc.Status, encoded. */
export function encodeStatus(error: WritError, requestId: string): Uint8Array {
  return messageType("google.rpc.Status").encode(toStatusMessage(error, requestId))
}

function pack(type: string, value: object): object {
  return { type_url: `type.googleapis.com/${type}`, value: messageType(type).encode(value) }
}

/** For clients: reason and metadata of the ErrorInfo; null when there is none that can be read. */
export function readErrorInfo(metadata: grpc.Metadata): { reason: string; metadata: Record<string, string> } | null {
  const [bytes] = metadata.get(DETAILS)
  if (!Buffer.isBuffer(bytes)) return null
  try {
    return readStatusInfo(messageType("google.rpc.Status").decode(bytes) as Parameters<typeof readStatusInfo>[0])
  } catch {
    return null // of a proxy or another server, which may put anything there
  }
}

/** The same for a google.rpc.Status in a stream or batch reply. */
export function readStatusInfo(status: {
  details: { type_url: string; value: Buffer }[]
}): { reason: string; metadata: Record<string, string> } | null {
  const info = status.details.find((detail) => detail.type_url.endsWith("/google.rpc.ErrorInfo"))
  return info
    ? (messageType("google.rpc.ErrorInfo").decode(info.value) as { reason: string; metadata: Record<string, string> })
    : null
}
