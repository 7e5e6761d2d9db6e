/** What a production deployment needs, written once into a new folder: nothing in it is a default that has to be made safe later. */
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { isLoopback } from "../../config.ts"
import { isSpiffeId } from "../../decision/principal.ts"
import { WritError } from "../../errors.ts"
import { PACKAGE_ROOT } from "../../rpc/api.ts"
import { ROLES } from "../../rpc/roles.ts"
import { openDataFolder } from "../../store/data-folder.ts"
import { writeDurably } from "../../store/signer-state.ts"
import { makeAuthority } from "./certificates.ts"

export interface ProductionOptions {
  /** Names and addresses by which the daemon is dialled. */
  readonly hosts: readonly string[]
  readonly trustDomain: string
  /** HOST:PORT of the PostgreSQL. */
  readonly database: string
}

export interface Written {
  /** Relative to the folder. */
  readonly name: string
  readonly what: string
}

const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
const EXAMPLE = join(PACKAGE_ROOT, "examples", "agent-tools")
const MAIN = join(PACKAGE_ROOT, "dist", "main.js")

/** Throws CONFIG_INVALID; DATA_FOLDER_UNFIT when the folder is there already. */
export async function writeProduction(path: string, options: ProductionOptions): Promise<readonly Written[]> {
  const { hosts, trustDomain, database } = options
  const admin = `spiffe://${trustDomain}/writ/admin`
  const wrong = hosts.find((host) => !HOST.test(host))
  if (hosts.length === 0 || wrong !== undefined)
    throw new WritError(
      "CONFIG_INVALID",
      `${wrong === undefined ? "--host is missing" : `"${wrong}" is no host`}. Name how the daemon is dialled: --host writ.example.com,10.0.0.5`,
    )
  if (!isSpiffeId(admin))
    throw new WritError("CONFIG_INVALID", `"${trustDomain}" is no trust domain: small letters, digits, dots, dashes.`)
  const [, databaseHost] = /^([A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(database) ?? []
  if (databaseHost === undefined)
    throw new WritError("CONFIG_INVALID", `--database is HOST:PORT of the PostgreSQL, not "${database}".`)
  if (existsSync(path))
    throw new WritError("DATA_FOLDER_UNFIT", `${path} is there already, and nothing in it was changed. Choose another.`)

  const password = () => randomBytes(24).toString("base64url")
  const [owner, daemon] = [password(), password()]
  const tls = isLoopback(databaseHost) ? "" : "?sslmode=verify-full"
  const url = (role: string, secret: string) => `postgresql://${role}:${secret}@${database}/writ${tls}`
  const authority = await makeAuthority(`Writ authority of ${trustDomain}`)
  const [server, client] = await Promise.all([authority.issueServer(hosts), authority.issueClient(admin)])

  openDataFolder(join(path, "data"), ROLES, EXAMPLE)
  mkdirSync(join(path, "tls"), { mode: 0o700 })
  const written: Written[] = [{ name: "data/", what: "signing keys, the first API keys, the policy" }]
  const write = (name: string, what: string, content: string, mode?: number) => {
    writeDurably(join(path, name), content, mode)
    written.push({ name, what })
  }
  write("data/writ.yaml", "the daemon's configuration", configuration(path, url("writ_daemon", daemon)))
  write("tls/ca.crt", "the authority, for clients and for the daemon", authority.certificate, 0o644)
  write("tls/ca.key", "its key: move it to where certificates are issued", authority.key)
  write("tls/server.crt", `certificate for ${hosts.join(", ")}`, server.certificate, 0o644)
  write("tls/server.key", "its key", server.key)
  write("tls/admin.crt", `client certificate of ${admin}`, client.certificate, 0o644)
  write("tls/admin.key", "its key: move it to the administrator", client.key)
  write("database.sql", "roles and database, for a superuser of PostgreSQL", databaseSql(owner, daemon))
  write("owner-url", "URL of the tables' owner, for writ ledger migrate", `${url("writ_owner", owner)}\n`)
  write("writ.service", "systemd unit", systemdUnit(path), 0o644)
  write("kubernetes.yaml", "StatefulSet and Service", kubernetes(), 0o644)
  write("NEXT.md", "what to do, in order", next(path, admin, hosts[0] as string), 0o644)
  return written
}

function configuration(path: string, databaseUrl: string): string {
  return `# Written by \`writ init --production\`. Every setting: docs/configuration.md. \`writ doctor --data ${join(path, "data")}\` looks at all of it.
grpc-host: 0.0.0.0
http-host: 0.0.0.0
http-tls: true
tls-cert: ${join(path, "tls", "server.crt")}
tls-key: ${join(path, "tls", "server.key")}
# Authorities of clients: each of them may vouch for any name.
tls-client-ca: ${join(path, "tls", "ca.crt")}
# Take \`key\` away once the administrator is bound (NEXT.md): then only client certificates say who calls.
authentication: [key, mtls]
# What /metrics and the entries' tiles take; without certificates and keys, nobody. With mtls probes need a certificate, too.
# http-authentication: [mtls]
database-url: ${databaseUrl}
policy-two-person: true
# witnesses: [https://witness.example.com NAME+HASH+KEY]
`
}

function databaseSql(owner: string, daemon: string): string {
  return `-- As a superuser: psql -f database.sql
CREATE ROLE writ_owner LOGIN PASSWORD '${owner}';
CREATE ROLE writ_daemon LOGIN PASSWORD '${daemon}';
CREATE DATABASE writ OWNER writ_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE writ FROM PUBLIC;
GRANT CONNECT ON DATABASE writ TO writ_daemon;
`
}

/** No restart after exit codes that a restart does not mend: configuration, policy, data folder, frozen. */
function systemdUnit(path: string): string {
  return `[Unit]
Description=Writ: no writ, no execution
Wants=network-online.target
After=network-online.target

[Service]
User=writ
ExecStart=${process.execPath} --max-semi-space-size=32 ${MAIN} serve --data ${join(path, "data")}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=64 65 73 75
TimeoutStopSec=30
LimitNOFILE=65536
LimitCORE=0
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths=${join(path, "data")}

[Install]
WantedBy=multi-user.target
`
}

function kubernetes(): string {
  return `# Secrets from this folder first:
#   kubectl create secret generic writ-tls --from-file=tls/ca.crt --from-file=tls/server.crt --from-file=tls/server.key
#   kubectl create secret generic writ-database --from-literal=url="$(sed -n 's/^database-url: //p' data/writ.yaml)"
# Each replica makes signing keys of its own in its volume; all of them share the database.
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: writ }
spec:
  serviceName: writ
  replicas: 2
  selector: { matchLabels: { app: writ } }
  template:
    metadata: { labels: { app: writ } }
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 30
      securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 }
      containers:
        - name: writ
          image: writ:0.1.0
          args: [serve]
          env:
            - { name: WRIT_DATA, value: /data }
            - { name: WRIT_GRPC_HOST, value: 0.0.0.0 }
            - { name: WRIT_HTTP_HOST, value: 0.0.0.0 }
            - { name: WRIT_HTTP_TLS, value: "true" }
            - { name: WRIT_TLS_CERT, value: /tls/server.crt }
            - { name: WRIT_TLS_KEY, value: /tls/server.key }
            - { name: WRIT_TLS_CLIENT_CA, value: /tls/ca.crt }
            - { name: WRIT_AUTHENTICATION, value: "key,mtls" }
            - { name: WRIT_POLICY_TWO_PERSON, value: "true" }
            - name: WRIT_DATABASE_URL
              valueFrom: { secretKeyRef: { name: writ-database, key: url } }
          ports: [{ name: grpc, containerPort: 50051 }, { name: https, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /readyz, port: https, scheme: HTTPS }, periodSeconds: 2 }
          livenessProbe: { httpGet: { path: /healthz, port: https, scheme: HTTPS }, periodSeconds: 10 }
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          volumeMounts: [{ name: data, mountPath: /data }, { name: tls, mountPath: /tls, readOnly: true }]
      volumes: [{ name: tls, secret: { secretName: writ-tls, defaultMode: 0440 } }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Service
metadata: { name: writ }
spec:
  selector: { app: writ }
  ports: [{ name: grpc, port: 50051 }, { name: https, port: 8080 }]
`
}

function next(path: string, admin: string, host: string): string {
  const data = join(path, "data")
  const asAdmin = `--target ${host}:50051 --ca ${join(path, "tls", "ca.crt")} --tls-cert ${join(path, "tls", "admin.crt")} --tls-key ${join(path, "tls", "admin.key")}`
  return `# From here to a daemon in production

1. The database, as a superuser of PostgreSQL; then the tables, as their owner, who lets the daemon append and not change:

       psql -f ${join(path, "database.sql")}
       writ ledger migrate --database-url "$(cat ${join(path, "owner-url")})" --daemon-role writ_daemon

2. What is wrong or missing, and how it is mended:

       writ doctor --data ${data}

3. The daemon: as a service (\`useradd --system writ; chown -R writ ${data} ${join(path, "tls")}; cp ${join(path, "writ.service")} /etc/systemd/system/; systemctl enable --now writ\`), or by hand:

       writ serve --data ${data}

4. The administrator is whoever has tls/admin.key. The key of the first start says so once:

       writ bindings put ${admin} admin ${asAdmin} --key "$(cat ${join(data, "api-keys", "admin")})"
       writ bindings list ${asAdmin}

5. Bind the other callers: their certificates come from tls/ca.key or from an authority of yours that stands in tls-client-ca, tokens from issuers in \`jwt-issuers\` (docs/callers.md).

       writ bindings put spiffe://…/payments pep --subject "agent:pay-*" ${asAdmin}

6. Take \`key\` out of \`authentication\` in ${join(data, "writ.yaml")} and start the daemon again; then delete ${join(data, "api-keys")}/* but what you keep, move tls/ca.key, tls/admin.key and owner-url away, and ask \`writ doctor\` again.
`
}
