/** `writ`: one file per command. Each is loaded only when it runs, so that `writ verify` loads neither gRPC nor Postgres. */
import { Command, CommanderError, Option } from "commander"
import { defaultDataFolder, SETTINGS } from "../config.ts"
import { GUARD_EXITS } from "../guard/exit-codes.ts"
import { redact } from "../log.ts"
import { VERSION } from "../version.ts"
import { addArchiveCommands } from "./archive.ts"
import type { MonitorFlags } from "./monitor.ts"
import { fail } from "./output.ts"
import { addScopeOptions } from "./scope.ts"
import type { TrustFlags } from "./trust.ts"
import type { WitnessFlags } from "./witness.ts"

export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** The exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  // Other users of the machine see how a process was called.
  const called = argv.join(" ")
  if (redact(called) !== called) process.title = redact(called)
  const json = argv.includes("--json")
  let exitCode = 0
  const program = new Command("writ")
    .description(
      "No writ, no execution: authorizes before anything runs, signs an execution token, proves every decision.",
    )
    .version(VERSION)
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for usage)")
  const command = (usage: string, description: string) =>
    program.command(usage).description(description).option("--json", "print JSON")
  const run =
    (work: (...args: never[]) => Promise<number>) =>
    async (...args: unknown[]) => {
      exitCode = await work(...(args as never[]))
    }
  const remote = (made: Command) =>
    made
      .option("--target <host:port>", "the daemon; default: the one of the data folder")
      .option("--data <folder>", "the daemon's data folder", defaultDataFolder())
      .option("--key <key>", "API key or bearer token; default: from the data folder (or WRIT_KEY)")
      .option("--tls-cert <file>", "PEM file of a client certificate: it says who calls, unless --key is given too")
      .option("--tls-key <file>", "PEM file of its key")
      .option("--ca <file>", "PEM file of the authority that signed the daemon's certificate")

  const serve = command("serve", "run the daemon")
  for (const { key, kind, meaning, default: byDefault } of SETTINGS)
    serve.addOption(new Option(`--${key} <${kind}>`, `${meaning} Default: ${byDefault || "none"}.`))
  serve.action(run(async (flags: Flags) => (await import("./serve.ts")).serveCommand(flags)))

  command("init", "make a data folder, or what docker compose or a production deployment needs")
    .option("--data <folder>", "data folder", defaultDataFolder())
    .option("--compose", "write a certificate and a password for docker compose into ./compose-data")
    .option("--production <folder>", "write configuration, certificates, database roles, systemd and Kubernetes files")
    .option("--host <name,...>", "with --production: the names and addresses by which the daemon is dialled")
    .option("--trust-domain <name>", "with --production: of the SPIFFE ids; default: the first host")
    .option("--database <host:port>", "with --production: the PostgreSQL; default: localhost:5432")
    .action(run(async (flags: Flags) => (await import("./init/init.ts")).initCommand(flags)))

  command("doctor", "would a daemon start with this configuration, and be safe; exit code 1 when not")
    .option("--data <folder>", "data folder", defaultDataFolder())
    .option("--config <file>", "configuration file; default: DATA/writ.yaml if it exists")
    .action(run(async (flags: Flags) => (await import("./doctor/doctor.ts")).doctorCommand(flags)))

  /** The request, as `authorize.ts` puts it together. */
  const asking = (made: Command) =>
    remote(made)
      .argument("[file]", "JSON request, - for standard input; the options below add to it")
      .option("--subject <type:id>", "who acts; the id may hold colons")
      .option("--action <name>", "what it wants to do")
      .option("--resource <type:id>", "to what")
      .option("--audience <name>", "who may accept the token", "cli")
      .option("--property <name=value...>", "properties of the subject; a value is JSON, or else text")
      .option("--parameters <json>", "the exact bytes that will be executed")
  asking(command("authorize", "ask for a decision; exit code 0 allow, 10 deny, 11 require approval"))
    .option("--request-id <id>", "idempotency key; default: a new one")
    .option("--approval <id>", "an approval that was granted for this very request")
    .option("--explain", "show how each candidate rule was seen")
    .action(
      run(async (file: string | undefined, flags: Flags) =>
        (await import("./authorize.ts")).authorizeCommand(file, flags),
      ),
    )

  program
    .command("exec")
    .description("run a program only if Writ allows it, watched while it runs; the exit code is the program's")
    .usage("[options] -- COMMAND [ARGUMENTS]")
    .argument("<command...>", "the program and its arguments")
    .passThroughOptions()
    .option("--action <name>", "what is asked for", "process.exec")
    .option("--resource <type:id>", "on what; default: program:PATH of the program")
    .option("--subject <type:id>", "who acts; default: user:NAME of the account that runs this")
    .option("--property <name=value...>", "properties of the subject; a value is JSON, or else text")
    .option("--audience <name>", "who accepts the token", "writ-exec")
    .option("--approval <id>", "an approval that was granted for this very command")
    .option("--user <user>", "who the program runs as, NAME or UID:GID; default: nobody where this is root")
    .option("--image-digest <sha256>", "the container image, for the measurement")
    .option("--runtime-id <id>", "default: exec:PATH, exec:PATH#2 for a second one at the same time, and so on")
    .option("--runtime-key <file>", "Ed25519 key, PKCS#8 PEM; default: a new one for each run")
    .option("--grace <seconds>", "from TERM to KILL when it is told to stop", "5")
    .option(
      "--target <host:port,...>",
      "the daemon, or replicas of it; default: WRIT_TARGET, or the one of the data folder",
    )
    .option("--data <folder>", "the daemon's data folder", defaultDataFolder())
    .option(
      "--keys <folder>",
      "files pep, runtime, executor with an API key each; default: WRIT_EXEC_KEYS, or DATA/api-keys",
    )
    .option("--ca <file>", "PEM file of the authority that signed the daemon's certificate")
    .option("--events <file>", "append what happens as JSON lines to a file, or to an open descriptor from 3 to 15")
    .option("--quiet", "say nothing on stderr")
    .action(run(async (words: string[], flags: Flags) => (await import("./exec.ts")).execCommand(words, flags)))

  const lineage = remote(command("lineage <execution-id>", "show what was decided and done, and verify it"))
    .option("--export <file>", "save evidence that anyone can check offline")
    .action(run(async (id: string, flags: Flags) => (await import("./lineage.ts")).lineageCommand(id, flags)))
  remote(
    lineage.command("graph <execution-id>").description("what it descends from and what descends from it, as a tree"),
  )
    .option("--json", "print nodes and edges as JSON")
    .option("--max <number>", "at most so many descendants, up to 200", "50")
    .option("--page-token <token>", "children behind those that were shown")
    .action(run(async (id: string, flags: Flags) => (await import("./lineage-graph.ts")).graphCommand(id, flags)))
  remote(lineage.command("beats <index>").description("the beats behind a record of kind beats, and whether they hold"))
    .option("--json", "print JSON")
    .option("--log <origin>", "the log that holds the record; the daemon's own")
    .option("--keys <file>", 'JSON, keys in hex by runtime id: {"RUNTIME": ["KEY"]}')
    .action(run(async (index: string, flags: Flags) => (await import("./lineage-beats.ts")).beatsCommand(index, flags)))
  remote(lineage.command("find").description("decisions by what was asked for and when, the newest first"))
    .option("--json", "print JSON")
    .option("--subject <type:id>", "only of this subject; values are compared as a whole")
    .option("--action <name>", "only of this action")
    .option("--resource <type:id>", "only on this resource")
    .option("--runtime <id>", "only for this runtime")
    .option("--since <when>", "only of this time or later: so long ago, like 24h, or a time")
    .option("--until <when>", "only of before")
    .option("--limit <number>", "at most so many", "50")
    .option("--page-token <token>", "go on where the same query ended")
    .action(run(async (flags: Flags) => (await import("./lineage-find.ts")).findCommand(flags)))

  command("verify <file>", "check evidence offline; exit code 0 valid, 1 not valid, 3 consistent but not anchored")
    .option("--trust <file>", "keys obtained elsewhere (`writ trust`)")
    .option("--token <file>", "a file with an execution token: was it granted by this execution's decision?")
    .action(run(async (file: string, flags: Flags) => (await import("./verify.ts")).verifyCommand(file, flags)))

  command("trust", "save a daemon's verification keys, and show their fingerprints to compare out of band")
    .option("--url <url>", "the daemon's HTTP address; default: the one of the data folder")
    .option("--data <folder>", "the daemon's data folder", defaultDataFolder())
    .option("--out <file>", "where to save them", "writ-trust.json")
    .option("--witness <vkey...>", "verifier keys of witnesses that have to vouch for checkpoints, obtained from them")
    .option("--quorum <n>", "how many of them; default: all")
    .action(run(async (flags: TrustFlags) => (await import("./trust.ts")).trustCommand(flags)))

  command("witness", "cosign the checkpoints of other people's logs (C2SP tlog-witness), until it is told to stop")
    .requiredOption("--name <name>", "in its signatures: a URL without its scheme, say")
    .requiredOption("--log <vkey...>", "verifier keys of the logs that it watches, from their /.well-known/writ.json")
    .option(
      "--data <folder>",
      "its key, and what it cosigned last: no backup of it may ever be put back",
      "writ-witness",
    )
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "0 takes any free one", "8090")
    .action(run(async (flags: WitnessFlags) => (await import("./witness.ts")).witnessCommand(flags)))

  command(
    "monitor <url>",
    "follow a log from outside; exit code 0 good, 1 it misbehaved, 3 cosignatures lack, 4 unreachable",
  )
    .requiredOption("--vkey <vkey>", "the log's verifier key, obtained elsewhere")
    .option("--witness <vkey...>", "verifier keys of witnesses that have to vouch for it")
    .option("--quorum <n>", "how many of them", "0")
    .option("--key <key>", "an auditor's API key: entries are read and compared, too")
    .option("--data <folder>", "what was seen last", "writ-monitor")
    .option("--follow [seconds]", "go on, and look again after so many seconds")
    .option("--metrics-port <port>", "with --follow: Prometheus metrics on 127.0.0.1")
    .action(run(async (url: string, flags: MonitorFlags) => (await import("./monitor.ts")).monitorCommand(url, flags)))

  const ledger = program.command("ledger").description("the ledger itself")
  remote(
    ledger
      .command("proof <index>")
      .description("prove that a record stands in the log: a C2SP tlog-proof, checked offline")
      .option("--json", "print JSON")
      .option("--log <origin>", "another log of the same database")
      .option("--out <file>", "save it, by convention as NAME.tlog-proof"),
  ).action(run(async (index: string, flags: Flags) => (await import("./ledger-proof.ts")).proofCommand(index, flags)))
  remote(
    ledger
      .command("logs")
      .description("all logs of the database, and which of the others hold each to what it has signed")
      .option("--json", "print JSON"),
  ).action(run(async (flags: Flags) => (await import("./ledger-logs.ts")).logsCommand(flags)))
  ledger
    .command("new-log")
    .description(
      "end the log of a stopped daemon's data folder: its next start begins another, with another checkpoint key",
    )
    .option("--json", "print JSON")
    .option("--data <folder>", "the daemon's data folder", defaultDataFolder())
    .action(run(async (flags: Flags) => (await import("./ledger-new-log.ts")).newLogCommand(flags)))
  ledger
    .command("migrate")
    .description(
      "bring an external database to this version's schema, as its owner; the daemon may then be another role",
    )
    .option("--json", "print JSON")
    .option("--database-url <url>", "the owner's URL; DATABASE_URL is read too")
    .option("--daemon-role <role>", "grant this role what `writ serve` needs: to append to the log, not to change it")
    .action(run(async (flags: Flags) => (await import("./ledger-migrate.ts")).migrateCommand(flags)))
  ledger
    .command("fsck")
    .description("re-hash every record and derive every table again; exit code 0 clean, 1 not")
    .option("--json", "print JSON")
    .option("--data <folder>", "the daemon's data folder (for its embedded Postgres)", defaultDataFolder())
    .option("--database-url <url>", "the database; DATABASE_URL is read too")
    .option("--trust <file>", "verification keys obtained elsewhere")
    .option("--archive <file...>", "archives of records that are not in the database any more")
    .action(run(async (flags: Flags) => (await import("./ledger-fsck.ts")).fsckCommand(flags)))
  addArchiveCommands(ledger, run)

  ledger
    .command("reindex")
    .description("derive anew what records are found by, while the daemon serves; stopped, it goes on where it was")
    .option("--json", "print JSON")
    .option("--data <folder>", "the daemon's data folder (for its embedded Postgres)", defaultDataFolder())
    .option("--database-url <url>", "the database; DATABASE_URL is read too")
    .option("--resume", "finish what was begun, instead of beginning anew")
    .action(run(async (flags: Flags) => (await import("./ledger-reindex.ts")).reindexCommand(flags)))

  const policy = program.command("policy").description("policy bundles")
  policy
    .command("check <folder>")
    .description("compile a bundle and show everything that is wrong with it")
    .option("--json", "print JSON")
    .action(
      run(async (folder: string, flags: Flags) =>
        (await import("./policy-check.ts")).policyCheckCommand(folder, flags),
      ),
    )
  policy
    .command("test [folder]")
    .description("run a bundle's own tests; exit code 0 passed, 1 failed or covered too little, 2 not valid")
    .option("--filter <text>", "only tests whose name contains this")
    .option("--min-coverage <percent>", "fail below this, of rules and signals or of conditions")
    .option("--json", "print JSON")
    .action(
      run(async (folder: string | undefined, flags: Flags) =>
        (await import("./policy-test.ts")).policyTestCommand(folder ?? ".", flags),
      ),
    )

  asking(policy.command("explain"))
    .description("what would be decided, and what each part of each condition comes out as; nothing is recorded")
    .option("--bundle <folder>", "explain by this bundle, without a daemon")
    .option("--digest <digest>", "explain by this published bundle, as if it were active")
    .option("--now <time>", "RFC 3339; only with --bundle")
    .option("--json", "print JSON")
    .action(
      run(async (file: string | undefined, flags: Flags) =>
        (await import("./policy-explain.ts")).policyExplainCommand(file, flags),
      ),
    )
  remote(
    policy
      .command("replay [bundle]")
      .description("decide recorded requests again, by the bundle that decided or by another: a digest or a folder")
      .option("--json", "print JSON"),
  )
    .option("--since <duration>", "only decisions of the last e.g. 24h")
    .option("--from <when>", "an index of the log, or a time")
    .option("--to <when>", "an index of the log, or a time; it is not among them")
    .option("--limit <number>", "at most so many decisions", "10000")
    .option("--only-differences", "list only what comes out differently")
    .action(
      run(async (bundle: string | undefined, flags: Flags) =>
        (await import("./policy-replay.ts")).policyReplayCommand(bundle, flags),
      ),
    )

  remote(policy.command("publish <folder>"))
    .description("check a bundle and store it, signed; it decides nothing until it is activated")
    .option("--sign-with <file>", "Ed25519 private key (PKCS#8 PEM) that signs it; default: the daemon's own key does")
    .option("--comment <text>", "why, for the record")
    .option("--json", "print JSON")
    .action(
      run(async (folder: string, flags: Flags) => (await import("./policy-publish.ts")).publishCommand(folder, flags)),
    )
  const activating = (made: Command) =>
    remote(made)
      .option("--reason <text>", "why, for the record")
      .option("--wait [seconds]", "until every replica has acknowledged it; exit code 2 when one has not (default: 30)")
      .option("--json", "print JSON")
  activating(policy.command("activate <digest>"))
    .description("let a published bundle decide, on every replica")
    .option("--expect <digest>", "only if this one is active now")
    .action(
      run(async (digest: string, flags: Flags) =>
        (await import("./policy-activate.ts")).activateCommand(digest, flags),
      ),
    )
  activating(policy.command("rollback [digest]"))
    .description("activate an earlier bundle; default: the one that was active before")
    .action(
      run(async (digest: string | undefined, flags: Flags) =>
        (await import("./policy-activate.ts")).rollbackCommand(digest, flags),
      ),
    )
  activating(policy.command("approve <activation-id>"))
    .description("agree to what another operator wants to activate")
    .option("--refuse", "refuse it instead")
    .action(run(async (id: string, flags: Flags) => (await import("./policy-activate.ts")).approveCommand(id, flags)))
  remote(policy.command("shadow [digest]"))
    .description("let a published bundle see live traffic, without any influence on a verdict")
    .option("--off", "no bundle any more")
    .option("--status", "what it would have decided, on each replica")
    .option("--sample <percent>", "of the decisions; default: all")
    .option("--for <duration>", "until it ends by itself, e.g. 12h; default: 7d")
    .option("--reason <text>", "why, for the record")
    .option("--json", "print JSON")
    .action(
      run(async (digest: string | undefined, flags: Flags) =>
        (await import("./policy-shadow.ts")).shadowCommand(digest, flags),
      ),
    )
  remote(policy.command("list"))
    .description("published bundles, newest first")
    .option("--json", "print JSON")
    .action(run(async (flags: Flags) => (await import("./policy-show.ts")).listCommand(flags)))
  remote(policy.command("show [digest]"))
    .description("a bundle, and where it decides; default: the active one")
    .option("--export <file>", "save it as a DSSE envelope")
    .option("--json", "print JSON")
    .action(
      run(async (digest: string | undefined, flags: Flags) =>
        (await import("./policy-show.ts")).showCommand(digest, flags),
      ),
    )

  const approvals = program.command("approvals").description("requests that wait for an approval")
  remote(
    approvals.command("list").description("what waits for decisions, the oldest first").option("--json", "print JSON"),
  ).action(run(async (flags: Flags) => (await import("./approvals.ts")).listApprovals(flags)))
  for (const [name, text] of [
    ["grant", "grant an approval; it is good once, for exactly what was asked"],
    ["refuse", "refuse an approval for good, also one that was granted and not used yet"],
  ] as const)
    remote(
      approvals
        .command(`${name} <id>`)
        .description(text)
        .option("--reason <text>", "why, for the record")
        .option("--json", "print JSON"),
    ).action(
      run(async (id: string, flags: Flags) =>
        (await import("./approvals.ts")).decideApproval(id, name === "grant", flags),
      ),
    )

  const keys = program.command("keys").description("API keys of callers, and the keys that this daemon signs with")
  remote(keys.command("list").description("all keys, without their secrets").option("--json", "print JSON")).action(
    run(async (flags: Flags) => (await import("./keys.ts")).listKeys(flags)),
  )
  addScopeOptions(
    remote(keys.command("create <role>").description("a new key; shown this once").option("--json", "print JSON")),
  ).action(run(async (role: string, flags: Flags) => (await import("./keys.ts")).createKey(role, flags)))
  remote(
    keys.command("revoke <id>").description("revoke a key, on open connections too").option("--json", "print JSON"),
  ).action(run(async (id: string, flags: Flags) => (await import("./keys.ts")).revokeKey(id, flags)))

  remote(
    keys
      .command("rotate <use>")
      .description("replace a signing key (token): the new one is published ahead of its first use")
      .option("--compromised", "the old one is: withdraw it at once, and revoke what it has started")
      .option("--json", "print JSON"),
  ).action(run(async (use: string, flags: Flags) => (await import("./keys.ts")).rotateKey(use, flags)))

  const bindings = program.command("bindings").description("callers that need no API key: by certificate or token")
  remote(
    bindings.command("list").description("who has which role, and for what").option("--json", "print JSON"),
  ).action(run(async (flags: Flags) => (await import("./bindings.ts")).listBindings(flags)))
  addScopeOptions(
    remote(
      bindings
        .command("put <principal> <role>")
        .description(
          "give a role to spiffe://DOMAIN/PATH, x509:SUBJECT or jwt:ISSUER|SUB, instead of what it had there",
        )
        .option("--json", "print JSON"),
    ),
  ).action(
    run(async (principal: string, role: string, flags: Flags) =>
      (await import("./bindings.ts")).putBinding(principal, role, flags),
    ),
  )
  remote(
    bindings
      .command("remove <principal> <role>")
      .description("take a role away, on open connections too")
      .option("--json", "print JSON"),
  ).action(
    run(async (principal: string, role: string, flags: Flags) =>
      (await import("./bindings.ts")).removeBinding(principal, role, flags),
    ),
  )

  command("demo", "a story on a real daemon in a throwaway folder; ends by itself").action(
    run(async (flags: Flags) => (await import("./demo.ts")).demoCommand(flags)),
  )

  try {
    await program.parseAsync(argv as string[])
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 || argv[2] !== "exec" ? error.exitCode : GUARD_EXITS.GUARD_FAILED
    return fail(error, json)
  }
}
