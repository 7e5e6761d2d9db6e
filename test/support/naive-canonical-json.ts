/**
 * RFC 8785 again, slowly and by other means than `formats/canonical-json.ts`: no JSON.stringify, no String(number), no
 * default sort. The oracle of vectors and properties. Takes only well-formed text and finite numbers.
 */
export function naiveCanonicalJson(value: unknown): string {
  if (value === null) return "null"
  if (value === true) return "true"
  if (value === false) return "false"
  if (typeof value === "number") return naiveNumber(value)
  if (typeof value === "string") return naiveString(value)
  if (Array.isArray(value)) return `[${value.map(naiveCanonicalJson).join(",")}]`
  const members = Object.entries(value as object).sort(([a], [b]) => compareCodeUnits(a, b))
  return `{${members.map(([key, member]) => `${naiveString(key)}:${naiveCanonicalJson(member)}`).join(",")}}`
}

/** Section 3.2.3: as arrays of UTF-16 code units. */
function compareCodeUnits(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i)
  return a.length - b.length
}

/** Section 3.2.2.2. */
function naiveString(text: string): string {
  let out = '"'
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const short = { 8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\" }[code]
    if (short !== undefined) out += `\\${short}`
    else if (code < 32) out += `\\u00${code < 16 ? "0" : "1"}${"0123456789abcdef"[code % 16]}`
    else out += text[i]
  }
  return `${out}"`
}

/** Section 3.2.2.3: ECMA-262 Number::toString, from the fewest digits that lead back to the number. */
function naiveNumber(value: number): string {
  if (value === 0) return "0"
  if (value < 0) return `-${naiveNumber(-value)}`
  const { digits, exponent } = shortest(value)
  const k = digits.length
  const n = exponent
  if (k <= n && n <= 21) return digits + "0".repeat(n - k)
  if (0 < n && n <= 21) return `${digits.slice(0, n)}.${digits.slice(n)}`
  if (-6 < n && n <= 0) return `0.${"0".repeat(-n)}${digits}`
  const e = `e${n > 0 ? "+" : "-"}${Math.abs(n - 1)}`
  return k === 1 ? digits + e : `${digits[0]}.${digits.slice(1)}${e}`
}

/** value = 0.digits × 10^exponent: the fewest digits that lead back; among those the closest; of two as close, the even. */
function shortest(value: number): { digits: string; exponent: number } {
  const distance = distanceTo(value)
  for (let k = 1; k <= 17; k++) {
    const [mantissa = "", power = ""] = value.toExponential(k - 1).split("e")
    const nearest = BigInt(mantissa.replace(".", ""))
    const scale = Number(power) - k + 1
    const [best] = [nearest - 1n, nearest, nearest + 1n]
      .filter((digits) => String(digits).length === k && Number(`${digits}e${scale}`) === value)
      .sort((a, b) => {
        const difference = distance(a, scale) - distance(b, scale)
        return difference === 0n ? Number((a % 2n) - (b % 2n)) : difference < 0n ? -1 : 1
      })
    if (best !== undefined) return { digits: String(best).replace(/0+$/, ""), exponent: Number(power) + 1 }
  }
  throw new Error(`no 17 digits lead to ${value}`)
}

/** Exactly |digits × 10^scale - value|, times a factor that depends on value and scale only. */
function distanceTo(value: number): (digits: bigint, scale: number) => bigint {
  let numerator = value
  let denominator = 1n
  for (; !Number.isInteger(numerator); numerator *= 2) denominator *= 2n
  return (digits, scale) => {
    const [up, down] = scale < 0 ? [1n, 10n ** BigInt(-scale)] : [10n ** BigInt(scale), 1n]
    const difference = digits * up * denominator - BigInt(numerator) * down
    return difference < 0n ? -difference : difference
  }
}
