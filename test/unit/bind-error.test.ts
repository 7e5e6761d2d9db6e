import { describe, expect, test } from "vitest"
import { toBindError } from "../../src/bind-error.ts"

describe("toBindError", () => {
  test.each([
    [
      "listen EADDRINUSE: address already in use 127.0.0.1:80",
      "ADDRESS_IN_USE",
      /the address is in use\. .*--grpc-port\.$/,
    ],
    [
      "listen EACCES: permission denied 127.0.0.1:80",
      "CONFIG_INVALID",
      /this user may not take the port\. .*--grpc-port\.$/,
    ],
    [
      "listen EADDRNOTAVAIL: address not available h",
      "CONFIG_INVALID",
      /does not have that address\. .*--grpc-host\.$/,
    ],
    ["getaddrinfo ENOTFOUND h", "CONFIG_INVALID", /the name does not resolve\. .*--grpc-host\.$/],
    ["Name resolution failed for target dns:h:80", "CONFIG_INVALID", /the name does not resolve\. .*--grpc-host\.$/],
    ["something else.", "CONFIG_INVALID", /: something else\. Change --grpc-host or --grpc-port\.$/],
  ])("%s", (text, code, message) => {
    // as grpc-js wraps it
    const cause = new Error(`No address added out of total 1 resolved errors: [${text}]`)
    for (const thrown of [new Error(text), ...(text.startsWith("listen") ? [cause] : [])]) {
      const error = toBindError("gRPC", "h", 80, thrown)
      expect(error).toMatchObject({ code, cause: thrown })
      expect(error.message).toMatch(message)
      expect(error.message).toMatch(/^gRPC cannot listen on h:80: /)
    }
  })

  test("names the flags of its own door", () => {
    expect(toBindError("HTTP", "h", 80, new Error("EACCES")).message).toContain("--http-port")
  })
})
