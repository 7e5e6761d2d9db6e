/** Bytes and their text forms. Strict: what decodes encodes to the same text again. Attacker-controlled input is welcome. */
import { WritError } from "../errors.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const HEX = "0123456789abcdef"
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const FROM_HEX = reverse(HEX)
const FROM_BASE64 = reverse(BASE64)
const FROM_BASE64URL = reverse(BASE64URL)

function reverse(alphabet: string): Int8Array {
  const table = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Throws INVALID_REQUEST on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new WritError("INVALID_REQUEST", "The bytes are not UTF-8.")
  }
}

/** Lower case. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > 256) return toHex(bytes.subarray(0, 256)) + toHex(bytes.subarray(256))
  const digits = new Array<number>(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    digits[2 * i] = HEX.charCodeAt(byte >> 4)
    digits[2 * i + 1] = HEX.charCodeAt(byte & 15)
  }
  return String.fromCharCode(...digits)
}

/** Lower case only; throws INVALID_REQUEST on anything else. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1)
  let wrong = text.length & 1
  for (let i = 0; i < bytes.length; i++) {
    const high = FROM_HEX[text.charCodeAt(2 * i)] ?? -1
    const low = FROM_HEX[text.charCodeAt(2 * i + 1)] ?? -1
    wrong |= (high | low) & 128 // of -1
    bytes[i] = (high << 4) | low
  }
  if (wrong !== 0) throw new WritError("INVALID_REQUEST", "The text is not lower-case hex.")
  return bytes
}

/** UUID text of the first 16 bytes of a hash in hex: names in a row or a leaf what must not stand there itself. */
export function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** RFC 4648 section 4, padded. */
export function toBase64(bytes: Uint8Array): string {
  const text = encode64(bytes, BASE64)
  return text + "=".repeat((4 - (text.length % 4)) % 4)
}

/** RFC 4648 section 5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return encode64(bytes, BASE64URL)
}

/** Padded, canonical; throws INVALID_REQUEST on anything else. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw notBase64()
  return decode64(text.replace(/={1,2}$/, ""), FROM_BASE64)
}

/** Unpadded, canonical; throws INVALID_REQUEST on anything else. */
export function fromBase64Url(text: string): Uint8Array {
  return decode64(text, FROM_BASE64URL)
}

function encode64(bytes: Uint8Array, alphabet: string): string {
  let text = ""
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
    text +=
      alphabet.charAt(word >> 18) +
      alphabet.charAt((word >> 12) & 63) +
      alphabet.charAt((word >> 6) & 63) +
      alphabet.charAt(word & 63)
  }
  const left = bytes.length - i
  if (left > 0) {
    const word = ((bytes[i] as number) << 16) | (left > 1 ? (bytes[i + 1] as number) << 8 : 0)
    text += alphabet.charAt(word >> 18) + alphabet.charAt((word >> 12) & 63)
    if (left > 1) text += alphabet.charAt((word >> 6) & 63)
  }
  return text
}

function decode64(text: string, table: Int8Array): Uint8Array {
  const rest = text.length % 4
  if (rest === 1) throw notBase64()
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let at = 0
  let word = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const value = table[text.charCodeAt(i)] ?? -1
    if (value < 0) throw notBase64()
    word = ((word << 6) | value) & 0xffffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (word >> bits) & 255
    }
  }
  if ((word & ((1 << bits) - 1)) !== 0) throw notBase64() // trailing bits must be zero: one text per value
  return bytes
}

function notBase64(): WritError {
  return new WritError("INVALID_REQUEST", "The text is not canonical base64.")
}
