/** Reads a log over HTTP (C2SP tlog-tiles). */
const LIMIT_MS = 10_000
/** Of a full entry bundle: 256 leaves of 65,535 bytes and their lengths. */
const MAX_BYTES = 256 * 65_537

/** `path` below the log's prefix. Rejects with what happened. `key`: an auditor's API key, for entries. */
export async function fetchFromLog(prefix: string, path: string, key?: string): Promise<Uint8Array> {
  const url = `${prefix.replace(/\/$/, "")}/${path}`
  let response: Response
  let bytes: Uint8Array
  try {
    response = await fetch(url, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
    })
    bytes = new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new Error(`${url} cannot be read: ${(cause as Error).message}.`, { cause })
  }
  if (!response.ok) throw new Error(`${url} answers ${response.status}.`)
  if (bytes.length > MAX_BYTES) throw new Error(`${url} answers more than ${MAX_BYTES} bytes.`)
  return bytes
}
