import { describe, expect, test } from "vitest"
import { loadApi } from "../../../src/rpc/api.ts"
import { SERVICES } from "../../../src/rpc/load.ts"
import { ROLES, RPC_ROLES } from "../../../src/rpc/roles.ts"

const methods = Object.values(SERVICES).flatMap((name) =>
  Object.values(loadApi()[name] as unknown as Record<string, { path: string }>).map(({ path }) => path),
)

describe("RPC_ROLES", () => {
  test("names only methods that the API has", () => {
    expect(methods.length).toBeGreaterThan(25)
    for (const path of Object.keys(RPC_ROLES)) expect(methods).toContain(path)
  })

  test("gives every method at least one role, each once and each known", () => {
    for (const [path, roles] of Object.entries(RPC_ROLES)) {
      expect(roles.length, path).toBeGreaterThan(0)
      expect(new Set(roles).size, path).toBe(roles.length)
      for (const role of roles) expect(ROLES, path).toContain(role)
    }
  })

  test("lets nobody who asks for executions revoke them, make keys or read what others did", () => {
    const ofPep = Object.entries(RPC_ROLES)
      .filter(([, roles]) => roles.includes("pep"))
      .map(([path]) => path.split("/").at(-1))
    expect(ofPep.sort()).toEqual(["Authorize", "AuthorizeBatch", "AuthorizeStream", "GetServerInfo", "VerifyToken"])
  })

  test("does not make admin a role above the others", () => {
    const ofAdmin = Object.keys(RPC_ROLES).filter((path) => RPC_ROLES[path]?.includes("admin"))
    expect(ofAdmin.every((path) => path.startsWith("/writ.v1.AdminService/"))).toBe(true)
  })
})
