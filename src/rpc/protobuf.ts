/**
 * The protobuf wire format (protobuf.dev/programming-guides/encoding), read strictly and written straight: what the hot
 * path's own codec is made of. The generic one costs four times as much and takes what should be refused.
 */
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5
const MAX_FIELD_NUMBER = 0x1fffffff
const INT64_BYTES = 10

/** Walks the fields of one message; every method throws on bytes that are not what they should be. */
export class Reader {
  readonly #bytes: Buffer
  #at: number
  #end: number
  #wireType = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#at = 0
    this.#end = bytes.length
  }

  /** Number of the next field; 0 at the end of the message. */
  field(): number {
    if (this.#at === this.#end) return 0
    const tag = this.number()
    this.#wireType = tag % 8
    const field = Math.floor(tag / 8)
    if (field === 0 || field > MAX_FIELD_NUMBER) throw new Error("a field number is not allowed")
    return field
  }

  /** A varint that is exact up to 2^53; larger ones throw. */
  number(): number {
    const bytes = this.#bytes
    let value = 0
    let scale = 1
    for (let i = 0; i < INT64_BYTES; i++) {
      if (this.#at >= this.#end) throw new Error("the message ends inside a number")
      const byte = bytes[this.#at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw new Error("a number is too large")
        return value
      }
      scale *= 128
    }
    throw new Error("a number is longer than ten bytes")
  }

  /** A varint field of up to 64 bits, unsigned. */
  uint64(): bigint {
    this.#expect(VARINT)
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw new Error("the message ends inside a number")
      const byte = this.#bytes[this.#at++] as number
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 128) return BigInt.asUintN(64, value)
    }
    throw new Error("a number is longer than ten bytes")
  }

  bool(): boolean {
    return this.uint64() !== 0n
  }

  double(): number {
    this.#expect(FIXED64)
    this.#need(8)
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  /** Bytes that are not UTF-8 show as U+FFFD, which is refused where texts are checked. */
  string(): string {
    const start = this.#delimited()
    return this.#bytes.toString("utf8", start, this.#at)
  }

  /** A copy. */
  bytes(): Buffer {
    const start = this.#delimited()
    return Buffer.from(this.#bytes.subarray(start, this.#at))
  }

  /** Reads a message within this one. */
  message<T>(read: (reader: Reader) => T): T {
    const start = this.#delimited()
    const stop = this.#at
    const end = this.#end
    this.#at = start
    this.#end = stop
    const value = read(this)
    this.#at = stop
    this.#end = end
    return value
  }

  /** Over a field of a later version of the API; it must be well formed all the same. */
  skip(): void {
    switch (this.#wireType) {
      case VARINT:
        this.uint64()
        return
      case FIXED64:
        this.#need(8)
        this.#at += 8
        return
      case LENGTH_DELIMITED:
        this.#delimited()
        return
      case FIXED32:
        this.#need(4)
        this.#at += 4
        return
      default:
        throw new Error("a wire type is not allowed")
    }
  }

  /** Start of the field's bytes; the position is after them. */
  #delimited(): number {
    this.#expect(LENGTH_DELIMITED)
    const length = this.number()
    const start = this.#at
    this.#need(length)
    this.#at += length
    return start
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#end) throw new Error("a field is longer than its message")
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new Error("a field has another type than the API's")
  }
}

/** Builds one message at a time in memory that it keeps. Fields of default value are left out. */
export class Writer {
  #buffer: Buffer = Buffer.allocUnsafeSlow(16 * 1024)
  #at = 0

  /** A copy of what `write` writes, which is forgotten, also when it throws. */
  whole(write: () => void): Buffer {
    try {
      write()
      const message = Buffer.allocUnsafe(this.#at)
      this.#buffer.copy(message, 0, 0, this.#at)
      return message
    } finally {
      this.#at = 0
    }
  }

  /** Unsigned, up to 2^53. */
  uint(field: number, value: number): void {
    if (value !== 0) this.varint(field, value)
  }

  /** The same, zero not left out: a member of a oneof. */
  varint(field: number, value: number): void {
    this.#reserve(20)
    this.#varint(field * 8 + VARINT)
    this.#varint(value)
  }

  uint64(field: number, value: bigint): void {
    if (value === 0n) return
    this.#reserve(20)
    this.#varint(field * 8 + VARINT)
    let rest = value
    for (; rest > 127n; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
    this.#buffer[this.#at++] = Number(rest)
  }

  bool(field: number, value: boolean): void {
    if (value) this.uint(field, 1)
  }

  double(field: number, value: number): void {
    this.#reserve(18)
    this.#varint(field * 8 + FIXED64)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  /** Empty ones are left out, but for items of a repeated field and members of a oneof: `keepEmpty`. */
  string(field: number, value: string, keepEmpty = false): void {
    if (value === "" && !keepEmpty) return
    this.#reserve(20 + 3 * value.length)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    if (value.length < 43) {
      // at most 127 bytes: its length takes one byte, known afterwards
      const written = this.#buffer.write(value, this.#at + 1)
      this.#buffer[this.#at] = written
      this.#at += 1 + written
      return
    }
    this.#varint(Buffer.byteLength(value))
    this.#at += this.#buffer.write(value, this.#at)
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return
    this.#reserve(20 + value.length)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /** One byte for each character: for texts that are known to be ASCII. */
  ascii(field: number, value: string): void {
    this.#reserve(20 + value.length)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(value.length)
    this.#at += this.#buffer.write(value, this.#at, "latin1")
  }

  /** The bytes that a hex text stands for. */
  hex(field: number, value: string): void {
    if (value === "") return
    this.#reserve(20 + value.length)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    this.#varint(value.length / 2)
    this.#at += this.#buffer.write(value, this.#at, "hex")
  }

  /** A message within this one, present even when empty. */
  message(field: number, write: () => void): void {
    const start = this.begin(field)
    write()
    this.end(start)
  }

  /** The same without a function: what is written until `end` is its content. Answers what `end` wants. */
  begin(field: number): number {
    this.#reserve(20)
    this.#varint(field * 8 + LENGTH_DELIMITED)
    return ++this.#at
  }

  end(start: number): void {
    const length = this.#at - start
    if (length < 128) {
      this.#buffer[start - 1] = length
      return
    }
    this.#reserve(10)
    const shift = sizeOf(length) - 1
    this.#buffer.copyWithin(start + shift, start, this.#at)
    this.#at = start - 1
    this.#varint(length)
    this.#at += length
  }

  #varint(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#at++] = (rest % 128) | 0x80
    this.#buffer[this.#at++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

function sizeOf(length: number): number {
  let bytes = 1
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}
