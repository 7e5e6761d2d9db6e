/** IP addresses and CIDR ranges, as Kubernetes' CEL library has them, but for IPv4 mapped into IPv6: that is IPv4. */
import { CelError, Cidr, Ip } from "./value.ts"

const OCTET = /^(?:0|[1-9]\d{0,2})$/

function parseV4(text: string): number[] | null {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) <= 255)) return null
  return parts.map(Number)
}

/** RFC 4291, without zones. */
function parseV6(text: string): number[] | null {
  const halves = text.split("::")
  if (halves.length > 2) return null
  const read = (half: string): number[] | null => {
    if (half === "") return []
    const bytes: number[] = []
    const groups = half.split(":")
    for (const [i, group] of groups.entries()) {
      if (i === groups.length - 1 && group.includes(".")) {
        const last = parseV4(group)
        if (!last) return null
        bytes.push(...last)
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null
        const value = Number.parseInt(group, 16)
        bytes.push(value >> 8, value & 255)
      }
    }
    return bytes
  }
  const head = read(halves[0] as string)
  const tail = halves[1] === undefined ? [] : read(halves[1])
  if (!head || !tail) return null
  if (halves.length === 1) return head.length === 16 ? head : null
  const zeros = 16 - head.length - tail.length
  // An IPv4 tail ends the address: in a head that is not the whole address it is none.
  if (zeros < 2 || (halves[0] as string).includes(".")) return null
  return [...head, ...Array<number>(zeros).fill(0), ...tail]
}

const isMapped = (bytes: readonly number[]) =>
  bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255

export function parseIp(text: string): Ip | null {
  if (text.length > 45) return null
  const bytes = text.includes(":") ? parseV6(text) : parseV4(text)
  if (!bytes) return null
  return new Ip(Uint8Array.from(bytes.length === 16 && isMapped(bytes) ? bytes.slice(12) : bytes))
}
export function textToIp(text: string): Ip {
  const ip = parseIp(text)
  if (!ip) throw new CelError("this text is no IP address")
  return ip
}

export function parseCidr(text: string): Cidr | null {
  const match = /^([^/]{1,45})\/(0|[1-9]\d{0,2})$/.exec(text)
  const bytes =
    match && ((match[1] as string).includes(":") ? parseV6(match[1] as string) : parseV4(match[1] as string))
  if (!match || !bytes) return null
  const prefix = Number(match[2])
  if (prefix > bytes.length * 8) return null
  // A range within the mapped addresses is the IPv4 range; a wider one stays what it is.
  if (bytes.length === 16 && isMapped(bytes) && prefix >= 96)
    return new Cidr(Uint8Array.from(bytes.slice(12)), prefix - 96)
  return new Cidr(Uint8Array.from(bytes), prefix)
}
export function textToCidr(text: string): Cidr {
  const cidr = parseCidr(text)
  if (!cidr) throw new CelError("this text is no CIDR range")
  return cidr
}

export function ipToText({ bytes }: Ip): string {
  if (bytes.length === 4) return bytes.join(".")
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number))
  // RFC 5952: the first longest run of two or more zeros is left out.
  let best = { at: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === 0) length++
    if (length > best.length) best = { at: i, length }
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":")
  if (best.at < 0) return hex(groups)
  return `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`
}
export const cidrToText = ({ bytes, prefix }: Cidr) => `${ipToText(new Ip(bytes))}/${prefix}`

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i * 8 < bits; i++) {
    const rest = bits - i * 8
    const mask = rest >= 8 ? 255 : 256 - 2 ** (8 - rest)
    if (((a[i] as number) & mask) !== ((b[i] as number) & mask)) return false
  }
  return true
}
export const containsIp = (range: Cidr, ip: Ip) => samePrefix(range.bytes, ip.bytes, range.prefix)
export const containsCidr = (range: Cidr, inner: Cidr) =>
  inner.prefix >= range.prefix && samePrefix(range.bytes, inner.bytes, range.prefix)
export function masked({ bytes, prefix }: Cidr): Cidr {
  return new Cidr(
    bytes.map((byte, i) =>
      i * 8 >= prefix ? 0 : prefix - i * 8 >= 8 ? byte : byte & (256 - 2 ** (8 - (prefix - i * 8))),
    ),
    prefix,
  )
}

const isV4 = ({ bytes }: Ip) => bytes.length === 4
const first = ({ bytes }: Ip) => bytes[0] as number
const second = ({ bytes }: Ip) => bytes[1] as number
const isNothing = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
export const isUnspecified = ({ bytes }: Ip) => isNothing(bytes)
export const isLoopback = (ip: Ip) =>
  isV4(ip) ? first(ip) === 127 : isNothing(ip.bytes.subarray(0, 15)) && ip.bytes[15] === 1
export const isLinkLocalUnicast = (ip: Ip) =>
  isV4(ip) ? first(ip) === 169 && second(ip) === 254 : first(ip) === 0xfe && (second(ip) & 0xc0) === 0x80
export const isLinkLocalMulticast = (ip: Ip) =>
  isV4(ip)
    ? first(ip) === 224 && second(ip) === 0 && ip.bytes[2] === 0
    : first(ip) === 0xff && (second(ip) & 0x0f) === 0x02
const isMulticast = (ip: Ip) => (isV4(ip) ? first(ip) >= 224 && first(ip) <= 239 : first(ip) === 0xff)
export const isGlobalUnicast = (ip: Ip) =>
  !(
    isUnspecified(ip) ||
    isLoopback(ip) ||
    isMulticast(ip) ||
    isLinkLocalUnicast(ip) ||
    (isV4(ip) && ip.bytes.every((byte) => byte === 255))
  )
