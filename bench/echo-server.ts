/**
 * The baselines: bare grpc-js servers in a process of their own, without credentials, checks or records. The first takes
 * and gives bytes, as many as a real AuthorizeResponse has; the second is generated from the API's own .proto by
 * proto-loader, as most grpc-js services are, decodes each request and encodes a real reply.
 */
import * as grpc from "@grpc/grpc-js"
import { loadService, SERVICES } from "../src/rpc/load.ts"

const reply = Buffer.from(process.argv[2] ?? "", "base64")
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

if (process.argv[3] !== "false") {
  const { Authorize } = loadService(SERVICES.authorization)
  const response = Authorize?.responseDeserialize(reply) as object
  server.addService({ Authorize } as grpc.ServiceDefinition, {
    Authorize: (_: unknown, callback: grpc.sendUnaryData<object>) => callback(null, response),
  })
}

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send?.(port)
})
process.on("disconnect", () => process.exit(0))
