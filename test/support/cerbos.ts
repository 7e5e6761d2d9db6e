/**
 * A Cerbos server with policies of the test's: cel-go as someone else's daemon has it. It listens on sockets in its own
 * folder, so it needs no free port.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { Agent, request } from "node:http"
import { createRequire } from "node:module"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { makeFolder } from "./folder.ts"

export const CERBOS_PACKAGE = "@cerbos/cerbos-linux-x64"
/** Expressions of one policy file, and questions of one request. */
const PER_POLICY = 50
const START_LIMIT_MS = 240_000

/** Of one rule: what its output is to be, and what the request says. */
export interface Question {
  readonly expression: string
  /** `R.attr` in the expression. JSON. */
  readonly attributes: Readonly<Record<string, unknown>>
}
/** The output as JSON, or the message of the error that evaluating it was; refused: it does not compile there. */
export type Answer = { readonly value: unknown } | { readonly error: string } | { readonly refused: true }

/** The path of the program, or undefined where npm has none for this machine. */
export function findCerbos(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(CERBOS_PACKAGE)
  } catch {
    return undefined
  }
}

/** One answer to each question, in their order. */
export async function askCerbos(program: string, questions: readonly Question[]): Promise<readonly Answer[]> {
  const refused = new Set<Question>()
  for (;;) {
    const asked = questions.filter((question) => !refused.has(question))
    const answers = await askOnce(program, asked)
    // It names those of one file at a time.
    if (typeof answers === "string") {
      const named = asked.filter(({ expression }) => answers.includes(`\`${expression}\``))
      if (named.length === 0) throw new Error(answers)
      for (const question of named) refused.add(question)
    } else return questions.map((question) => (refused.has(question) ? { refused: true } : (answers.shift() as Answer)))
  }
}

/** The answers, or what the server says when it does not start. */
async function askOnce(program: string, questions: readonly Question[]): Promise<Answer[] | string> {
  const folder = makeFolder()
  const batches = Array.from({ length: Math.ceil(questions.length / PER_POLICY) }, (_, i) =>
    questions.slice(i * PER_POLICY, (i + 1) * PER_POLICY),
  )
  const policies = join(folder.path, "policies")
  mkdirSync(policies)
  for (const [i, batch] of batches.entries())
    writeFileSync(join(policies, `${kindOf(i)}.json`), JSON.stringify(policyOf(i, batch)))
  const server = new Server(program, folder.path, policies)
  try {
    const failure = await server.failureToStart()
    if (failure !== undefined) return failure
    const answers: Answer[] = []
    for (const [i, batch] of batches.entries()) answers.push(...(await server.check(i, batch)))
    return answers
  } finally {
    await server.stop()
    folder.remove()
  }
}

const kindOf = (batch: number) => `batch${batch}`
const actionOf = (question: number) => `question${question}`

function policyOf(index: number, batch: readonly Question[]): object {
  const rules = batch.map(({ expression }, i) => ({
    actions: [actionOf(i)],
    effect: "EFFECT_ALLOW",
    roles: ["*"],
    output: { when: { ruleActivated: expression } },
  }))
  return { apiVersion: "api.cerbos.dev/v1", resourcePolicy: { version: "default", resource: kindOf(index), rules } }
}

interface Reply {
  readonly results: readonly {
    readonly resource: { readonly id: string }
    readonly outputs: readonly { readonly val?: unknown; readonly error?: string }[]
  }[]
}

class Server {
  readonly #child: ChildProcess
  readonly #socket: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #log = ""
  #isClosed = false

  constructor(program: string, folder: string, policies: string) {
    this.#socket = join(folder, "http")
    const settings = {
      "server.httpListenAddr": `unix:${this.#socket}`,
      "server.grpcListenAddr": `unix:${join(folder, "grpc")}`,
      "server.requestLimits.maxResourcesPerRequest": PER_POLICY,
      "storage.driver": "disk",
      "storage.disk.directory": policies,
      "telemetry.disabled": true,
      "audit.enabled": false,
    }
    this.#child = spawn(
      program,
      [
        "server",
        "--log-level=error",
        "--debug-listen-addr=",
        ...Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`),
      ],
      { stdio: ["ignore", "pipe", "pipe"], cwd: folder, env: { HOME: folder } },
    )
    this.#child.once("close", () => (this.#isClosed = true))
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#log += text))
  }

  /** Undefined: it answers. */
  async failureToStart(): Promise<string | undefined> {
    for (const end = performance.now() + START_LIMIT_MS; performance.now() < end; await sleep(20)) {
      if (this.#isClosed) return this.#log
      if (existsSync(this.#socket) && (await this.#send("GET", "/_cerbos/health").catch(() => null))?.status === 200)
        return undefined
    }
    throw new Error(`Cerbos does not answer:\n${this.#log}`)
  }

  async check(index: number, batch: readonly Question[]): Promise<readonly Answer[]> {
    const { status, text } = await this.#send("POST", "/api/check/resources", {
      requestId: kindOf(index),
      principal: { id: "tester", roles: ["tester"] },
      resources: batch.map(({ attributes }, i) => ({
        resource: { kind: kindOf(index), id: String(i), attr: attributes },
        actions: [actionOf(i)],
      })),
    })
    if (status !== 200) throw new Error(`Cerbos answers ${status}: ${text}\n${this.#log}`)
    const { results } = JSON.parse(text) as Reply
    return batch.map((_, i) => {
      const outputs = results.find(({ resource }) => resource.id === String(i))?.outputs ?? []
      const [output] = outputs
      if (outputs.length !== 1 || !output) throw new Error(`not one output for question ${i}: ${text}`)
      return output.error === undefined ? { value: output.val } : { error: output.error }
    })
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    if (this.#isClosed) return
    const ended = new Promise((resolve) => this.#child.once("close", resolve))
    this.#child.kill("SIGTERM")
    await ended
  }

  async #send(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly text: string }> {
    return await new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, agent: this.#agent, method, path }, (reply) => {
        let text = ""
        reply.setEncoding("utf8").on("data", (part: string) => (text += part))
        reply.once("end", () => resolve({ status: reply.statusCode ?? 0, text }))
        reply.once("error", reject)
      })
      sent.once("error", reject)
      sent.end(body && JSON.stringify(body))
    })
  }
}
