/**
 * The baseline: a bare grpc-js server in a process of its own, without protobuf, credentials or checks. Its unary and
 * bidirectional methods answer each message with bytes of the size of a real AuthorizeResponse.
 */
import * as grpc from "@grpc/grpc-js"

const reply = Buffer.alloc(Number(process.argv[2] ?? 1_200), 7)
const raw = (value: Buffer) => value
const method = (path: string, stream: boolean) => ({
  path,
  requestStream: stream,
  responseStream: stream,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
})
const server = new grpc.Server()
server.addService(
  { Echo: method("/bench.Echo/Echo", false), Stream: method("/bench.Echo/Stream", true) },
  {
    Echo: (_: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => callback(null, reply),
    Stream(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      // the request's first ten bytes come back in front, so that the client can tell replies apart
      call.on("data", (message: Buffer) => call.write(Buffer.concat([message.subarray(0, 10), reply])))
      call.on("end", () => call.end())
    },
  },
)
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send?.(port)
})
process.on("disconnect", () => process.exit(0))
