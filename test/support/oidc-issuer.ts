/** An OIDC issuer on a real socket: discovery, a key set whose keys come and go, and tokens. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose"

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

export interface Issued {
  readonly kid?: string | undefined
  readonly typ?: string | undefined
  readonly alg?: string
  readonly header?: object
  readonly claims?: JWTPayload
}

export class OidcIssuer {
  /** As it is published. */
  keys: JWK[] = []
  /** Fetches of the key set so far. */
  fetches = 0
  /** Of the answers from now on. */
  status = 200
  readonly url: string
  readonly #pairs = new Map<string, { readonly pair: KeyPair; readonly alg: string }>()
  readonly #close: () => void

  private constructor(url: string, close: () => void) {
    this.url = url
    this.#close = close
  }

  static async start(): Promise<OidcIssuer> {
    let issuer: OidcIssuer | null = null
    const server = createServer((request, response) => {
      const { url, keys, status } = issuer as OidcIssuer
      const isKeys = request.url === "/keys"
      if (isKeys && issuer) issuer.fetches++
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(isKeys ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    issuer = new OidcIssuer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => {
      server.close()
      server.closeAllConnections()
    })
    return issuer
  }

  close(): void {
    this.#close()
  }

  /** Makes a key and publishes it. */
  async add(kid: string, alg: string, more: Partial<JWK> = {}): Promise<JWK> {
    const pair = await generateKeyPair(alg, { extractable: true })
    this.#pairs.set(kid, { pair, alg })
    const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: "sig", alg, ...more }
    this.keys.push(jwk)
    return jwk
  }

  /** Good for a minute, by the first key, unless it is said. */
  async sign(audience: string, { kid = this.keys[0]?.kid, typ = "JWT", header, claims = {}, ...more }: Issued = {}) {
    const { pair, alg } = this.#pairs.get(kid as string) as { pair: KeyPair; alg: string }
    const now = Math.floor(Date.now() / 1_000)
    const all: JWTPayload = { iss: this.url, aud: audience, sub: "svc-payments", iat: now, exp: now + 60, ...claims }
    return await new SignJWT(all)
      .setProtectedHeader({ alg: more.alg ?? alg, kid: kid as string, typ, ...header })
      .sign(pair.privateKey)
  }
}
