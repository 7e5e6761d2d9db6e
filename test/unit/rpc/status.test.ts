import { Metadata, status } from "@grpc/grpc-js"
import { describe, expect, test } from "vitest"
import { ERRORS, type ErrorCode, WritError } from "../../../src/errors.ts"
import { messageType } from "../../../src/rpc/load.ts"
import { readErrorInfo, readStatusInfo, toServiceError, toStatusMessage } from "../../../src/rpc/status.ts"

const codes = Object.keys(ERRORS) as ErrorCode[]

interface Status {
  readonly code: number
  readonly message: string
  readonly details: { type_url: string; value: Buffer }[]
}

describe("toServiceError", () => {
  test.each(codes)("%s reaches a client as its gRPC status with reason, details and request id", (code) => {
    const error = new WritError(code, "Say what to do.", {
      details: { field: "subject.id" },
      cause: new Error("SECRET"),
    })
    const { code: grpcCode, details, metadata } = toServiceError(error, "request-1")
    expect(grpcCode).toBe(ERRORS[code].grpc)
    expect(details).toBe("Say what to do.")
    expect(readErrorInfo(metadata)).toMatchObject({
      reason: code,
      domain: "writ",
      metadata: { field: "subject.id", request_id: "request-1" },
    })
    expect(metadata.get("x-request-id")).toEqual(["request-1"])
  })

  test("what is not a WritError says nothing of its cause", () => {
    const sent = toServiceError(WritError.from(new Error("password=hunter2")), "r")
    expect(sent.code).toBe(status.INTERNAL)
    const bytes = sent.metadata.get("grpc-status-details-bin")[0] as Buffer
    expect(`${sent.details}${bytes.toString("latin1")}${JSON.stringify(sent.metadata)}`).not.toContain("hunter2")
  })

  test("no code is one that gRPC does not know, or OK", () => {
    for (const code of codes) {
      expect(status[ERRORS[code].grpc]).toBeTypeOf("string")
      expect(ERRORS[code].grpc).not.toBe(status.OK)
    }
  })
})

describe("toStatusMessage", () => {
  const type = messageType("google.rpc.Status")
  const sent = (code: ErrorCode) => type.decode(type.encode(toStatusMessage(new WritError(code), "r"))) as Status

  test.each(["QUEUE_FULL", "LEDGER_UNAVAILABLE", "SHUTTING_DOWN", "RATE_LIMITED"] as const)(
    "%s tells when to try again",
    (code) => {
      const retry = sent(code).details.find(({ type_url }) => type_url === "type.googleapis.com/google.rpc.RetryInfo")
      const { retry_delay } = messageType("google.rpc.RetryInfo").decode(retry?.value as Buffer) as {
        retry_delay: { seconds: string; nanos: number }
      }
      expect(Number(retry_delay.seconds) * 1e9 + retry_delay.nanos).toBeGreaterThan(0)
    },
  )

  test("an error that a retry does not help has no RetryInfo", () => {
    expect(sent("INVALID_REQUEST").details).toHaveLength(1)
  })

  test("readStatusInfo reads the reason of a stream's or batch's status", () => {
    expect(readStatusInfo(sent("QUEUE_FULL"))?.reason).toBe("QUEUE_FULL")
    expect(readStatusInfo({ details: [] })).toBeNull()
  })
})

describe("readErrorInfo", () => {
  test("a status without details has none", () => {
    expect(readErrorInfo(new Metadata())).toBeNull()
  })

  test("details of another server that are not a google.rpc.Status have none", () => {
    const metadata = new Metadata()
    metadata.set("grpc-status-details-bin", Buffer.from([0xff, 0xff]))
    expect(readErrorInfo(metadata)).toBeNull()
  })
})
