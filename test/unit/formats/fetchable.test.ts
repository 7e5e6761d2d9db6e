import { describe, expect, test } from "vitest"
import { isFetchable } from "../../../src/formats/fetchable.ts"

describe("isFetchable", () => {
  test.each([
    "https://a.example",
    "https://a.example/",
    "https://a.example:8443/x/y?z=1",
    "http://localhost/keys",
    "http://127.0.0.1:8080",
    "http://[::1]:1/keys",
  ])("%s is", (url) => {
    expect(isFetchable(url)).toBe(true)
  })
  test.each([
    "",
    "a.example",
    "http://a.example",
    "http://127.0.0.1.a.example",
    "http://localhost.a.example/",
    "https://me:secret@a.example",
    "https://a.example@b.example/",
    "ftp://a.example",
    "file:///etc/passwd",
    "https://a.example/a b",
    "https://a.example\\@b.example/",
    "https://",
  ])("%j is not", (url) => {
    expect(isFetchable(url)).toBe(false)
  })
})
