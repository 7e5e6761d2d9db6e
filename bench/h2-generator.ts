/**
 * A gRPC load generator at the level of HTTP/2 frames: precomputed header block, bodies from a callback, replies only
 * counted. It costs a fraction of what a gRPC client does, so that on two cores the server is what is measured. h2load
 * sends one body only, and every Authorize needs a request_id of its own; therefore both sides use this.
 */
import { connect, type Socket } from "node:net"
import { type ConnectionOptions, connect as connectTls } from "node:tls"

export const DATA = 0
export const HEADERS = 1
export const RST_STREAM = 3
export const SETTINGS = 4
export const PING = 6
const GOAWAY = 7
const WINDOW_UPDATE = 8
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
const MAX_CONCURRENT_STREAMS = 3
const BIG_WINDOW = 0x7fff0000

export interface GeneratorOptions {
  readonly host: string
  readonly port: number
  readonly path: string
  /** API key or token; null: none is sent. */
  readonly key: string | null
  /** Over TLS. */
  readonly tls?: Pick<ConnectionOptions, "ca" | "cert" | "key">
  /** The message for call number n, without the gRPC prefix. */
  body(n: number): Uint8Array
  /** Is the reply (gRPC message bytes) to call number n what was wanted? */
  accept(reply: Buffer, n: number): boolean
}

export interface Outcome {
  /** Of all calls, from when each was due. */
  readonly latenciesMs: number[]
  /** Of those that were accepted, and of the others, from when they went to the server: what it does not let through waits here. */
  readonly acceptedMs: number[]
  readonly refusedMs: number[]
  readonly accepted: number
  readonly refused: number
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** HPACK literals without indexing (RFC 7541 section 6.2.2), no Huffman. */
export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    if (bytes.length < 127) return [Buffer.from([bytes.length]), bytes]
    return [Buffer.from([127, ...continuation(bytes.length - 127)]), bytes]
  }
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), ...text(name), ...text(value)]))
}

function continuation(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...continuation(Math.floor(value / 128))]
}

interface Open {
  readonly call: number
  readonly startedMs: number
  sentMs: number
  reply: Buffer | null
}

class Tally implements Outcome {
  readonly latenciesMs: number[] = []
  readonly acceptedMs: number[] = []
  readonly refusedMs: number[] = []

  add({ startedMs, sentMs }: Open, ok: boolean): void {
    const nowMs = performance.now()
    this.latenciesMs.push(nowMs - startedMs)
    ;(ok ? this.acceptedMs : this.refusedMs).push(nowMs - sentMs)
  }
  get accepted(): number {
    return this.acceptedMs.length
  }
  get refused(): number {
    return this.refusedMs.length
  }
}

export class Generator {
  readonly #socket: Socket
  readonly #block: Buffer
  readonly #options: GeneratorOptions
  #pending = Buffer.alloc(0)
  #stream = 1
  #credit = 65_535
  #received = 0
  #calls = 0
  readonly #open = new Map<number, Open>()
  #maxStreams = Number.POSITIVE_INFINITY
  #onWire = 0
  #done: (open: Open, ok: boolean) => void = () => {}
  #waiting: (() => void)[] = []

  private constructor(socket: Socket, options: GeneratorOptions) {
    this.#socket = socket
    this.#options = options
    this.#block = headerBlock([
      [":method", "POST"],
      [":scheme", "http"],
      [":path", options.path],
      [":authority", "localhost"],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ...(options.key === null ? [] : [["authorization", `Bearer ${options.key}`] as const]),
    ])
    socket.setNoDelay(true)
    socket.on("data", (chunk: Buffer) => this.#read(chunk))
    const settings = Buffer.alloc(6)
    settings.writeUInt16BE(4, 0) // INITIAL_WINDOW_SIZE
    settings.writeUInt32BE(BIG_WINDOW, 2)
    const window = Buffer.alloc(4)
    window.writeUInt32BE(BIG_WINDOW)
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings), frame(WINDOW_UPDATE, 0, 0, window)]))
  }

  static async connect(options: GeneratorOptions): Promise<Generator> {
    const { host, port, tls } = options
    const socket = tls ? connectTls({ ...tls, host, port, ALPNProtocols: ["h2"] }) : connect(port, host)
    await new Promise<void>((resolve, reject) =>
      socket.once(tls ? "secureConnect" : "connect", resolve).once("error", reject),
    )
    return new Generator(socket, options)
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(startedMs: number): void {
    const call = this.#calls++
    const message = this.#options.body(call)
    const body = Buffer.allocUnsafe(5 + message.length)
    body[0] = 0
    body.writeUInt32BE(message.length, 1)
    body.set(message, 5)
    const stream = this.#stream
    this.#stream += 2
    const open: Open = { call, startedMs, sentMs: 0, reply: null }
    this.#open.set(stream, open)
    const write = () => {
      this.#credit -= body.length
      this.#onWire++
      open.sentMs = performance.now()
      this.#socket.write(Buffer.concat([frame(HEADERS, 4, stream, this.#block), frame(DATA, 1, stream, body)]))
    }
    this.#waiting.push(write)
    this.#sendWaiting()
  }

  #sendWaiting(): void {
    while (this.#waiting.length > 0 && this.#credit > 4_096 && this.#onWire < this.#maxStreams)
      this.#waiting.shift()?.()
  }

  #read(chunk: Buffer): void {
    let data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk
    while (data.length >= 9) {
      const length = data.readUIntBE(0, 3)
      if (data.length < 9 + length) break
      this.#frame(data[3] as number, data[4] as number, data.readUInt32BE(5) & 0x7fffffff, data.subarray(9, 9 + length))
      data = data.subarray(9 + length)
    }
    this.#pending = data.length > 0 ? Buffer.from(data) : Buffer.alloc(0)
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === DATA) {
      const open = this.#open.get(stream)
      if (open) open.reply = open.reply ? Buffer.concat([open.reply, payload]) : Buffer.from(payload)
      this.#received += payload.length
      if (this.#received > 1 << 24) {
        const window = Buffer.alloc(4)
        window.writeUInt32BE(this.#received)
        this.#received = 0
        this.#socket.write(frame(WINDOW_UPDATE, 0, 0, window))
      }
    } else if (type === SETTINGS && (flags & 1) === 0) {
      for (let at = 0; at + 6 <= payload.length; at += 6)
        if (payload.readUInt16BE(at) === MAX_CONCURRENT_STREAMS) this.#maxStreams = payload.readUInt32BE(at + 2)
      this.#socket.write(frame(SETTINGS, 1, 0, Buffer.alloc(0)))
    } else if (type === PING && (flags & 1) === 0) this.#socket.write(frame(PING, 1, 0, payload))
    else if (type === WINDOW_UPDATE && stream === 0) {
      this.#credit += payload.readUInt32BE(0)
      this.#sendWaiting()
    } else if (type === GOAWAY) this.#socket.destroy(new Error("the server closed the connection"))
    if ((type === HEADERS || type === DATA) && (flags & 1) === 1) this.#end(stream)
    if (type === RST_STREAM) this.#end(stream)
  }

  #end(stream: number): void {
    const open = this.#open.get(stream)
    if (!open) return
    this.#open.delete(stream)
    this.#onWire--
    this.#sendWaiting()
    this.#done(open, open.reply !== null && this.#options.accept(open.reply.subarray(5), open.call))
  }

  /** `inFlight` calls at all times, until `count` are answered or `seconds` are over. */
  async closedLoop(inFlight: number, count: number, seconds = 60): Promise<Outcome> {
    const outcome = new Tally()
    let sent = 0
    const until = performance.now() + seconds * 1000
    await new Promise<void>((resolve) => {
      const next = () => {
        sent++
        this.#send(performance.now())
      }
      this.#done = (open, ok) => {
        outcome.add(open, ok)
        if (sent < count && performance.now() < until) next()
        else if (this.#open.size === 0) resolve()
      }
      for (let i = 0; i < inFlight; i++) next()
    })
    return outcome
  }

  /** `rps` calls a second whether or not they are answered; latency counts from when each was due (no coordinated omission). */
  async openLoop(rps: number, seconds: number): Promise<Outcome> {
    const outcome = new Tally()
    const start = performance.now()
    const total = Math.floor(rps * seconds)
    let sent = 0
    let closed = () => {}
    await new Promise<void>((resolve, reject) => {
      this.#done = (open, ok) => {
        outcome.add(open, ok)
        if (outcome.latenciesMs.length === total) resolve()
      }
      closed = () => reject(new Error("the connection was closed"))
      this.#socket.once("close", closed)
      const tick = () => {
        const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rps) + 1)
        for (; sent < due; sent++) this.#send(start + (sent / rps) * 1000)
        if (sent < total) setTimeout(tick, 1)
      }
      tick()
    }).finally(() => this.#socket.off("close", closed))
    return outcome
  }
}

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN
}
