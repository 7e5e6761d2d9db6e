/** Archive files: written whole or not at all, never over another; read from beginning to end. */
import { type FileHandle, link, open, unlink } from "node:fs/promises"
import { dirname } from "node:path"
import { WritError } from "../../errors.ts"
import type { ByteSource } from "../../formats/archive.ts"
import { fsyncFolder } from "../signer-state.ts"

const READ_BYTES = 1024 * 1024

/** Only its owner may read it: payloads are in it. It is there, and on disk, when this resolves. Throws INVALID_REQUEST. */
export async function writeArchiveFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, "w", 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new WritError("INVALID_REQUEST", `${temporary} cannot be written (${cause.code}).`, { cause })
  })
  try {
    for await (const chunk of chunks) await file.writeFile(chunk)
    await file.sync()
    await link(temporary, path) // as rename, which would replace a file that is there
    fsyncFolder(dirname(path))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === "EEXIST") throw new WritError("INVALID_REQUEST", `${path} is there already.`, { cause })
    if (code === "ENOSPC") throw new WritError("INVALID_REQUEST", `There is no room for ${path}.`, { cause })
    throw cause
  } finally {
    await file.close()
    await unlink(temporary)
  }
}

/** Throws INVALID_REQUEST when it cannot be opened. */
export async function withArchiveFile<T>(path: string, work: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new WritError("INVALID_REQUEST", `${path} cannot be read (${cause.code}).`, { cause })
  })
  try {
    return await work(sourceOf(file))
  } finally {
    await file.close()
  }
}

/** Reads ahead; what it hands out is never changed again. Memory is taken for bytes that were read, not for lengths that a file claims. */
function sourceOf(file: FileHandle): ByteSource {
  let ahead = Buffer.alloc(0)
  return {
    async take(length) {
      const parts = [ahead]
      let there = ahead.length
      while (there < length) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES)
        if (bytesRead === 0) break
        parts.push(buffer.subarray(0, bytesRead))
        there += bytesRead
      }
      const all = parts.length === 1 ? ahead : Buffer.concat(parts)
      ahead = all.subarray(length)
      return all.subarray(0, length)
    },
  }
}
