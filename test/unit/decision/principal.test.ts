import { describe, expect, test } from "vitest"
import {
  assertPrincipal,
  isPrincipal,
  isSpiffeId,
  toJwtPrincipal,
  toSubjectPrincipal,
} from "../../../src/decision/principal.ts"

describe("isSpiffeId", () => {
  test.each(["spiffe://bank.example/pay", "spiffe://a-b_c.1/ns/x/sa/Y.z"])("%s is one", (id) => {
    expect(isSpiffeId(id)).toBe(true)
  })
  test.each([
    ["no path", "spiffe://bank.example"],
    ["an empty path", "spiffe://bank.example/"],
    ["a slash at the end", "spiffe://bank.example/pay/"],
    ["an empty segment", "spiffe://bank.example//pay"],
    ["dots", "spiffe://bank.example/a/../admin"],
    ["a dot", "spiffe://bank.example/./admin"],
    ["upper case in the trust domain", "spiffe://Bank.example/pay"],
    ["a port", "spiffe://bank.example:8080/pay"],
    ["a user", "spiffe://me@bank.example/pay"],
    ["a query", "spiffe://bank.example/pay?x=1"],
    ["a fragment", "spiffe://bank.example/pay#x"],
    ["percent encoding", "spiffe://bank.example/p%61y"],
    ["no trust domain", "spiffe:///pay"],
    ["another scheme", "https://bank.example/pay"],
    ["upper case in the scheme", "SPIFFE://bank.example/pay"],
    ["too long", `spiffe://bank.example/${"a".repeat(2_048)}`],
  ])("%s is none", (_name, id) => {
    expect(isSpiffeId(id)).toBe(false)
  })
})

describe("isPrincipal", () => {
  test.each([
    "spiffe://bank.example/pay",
    toSubjectPrincipal("CN=billing,O=Bank"),
    toJwtPrincipal("https://issuer.example", "svc|1"),
  ])("%s is one", (text) => {
    expect(isPrincipal(text)).toBe(true)
    expect(() => assertPrincipal(text)).not.toThrow()
  })
  test.each([
    "",
    "key:pep-0123abcd",
    "x509:",
    "x509:billing",
    "jwt:https://issuer.example",
    "jwt:https://issuer.example|",
    "jwt:issuer|a",
    "x509:CN=a\nb",
    `x509:CN=${"a".repeat(1_024)}`,
  ])("%j is none", (text) => {
    expect(isPrincipal(text)).toBe(false)
    expect(() => assertPrincipal(text)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }))
  })
})
