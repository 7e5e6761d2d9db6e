/** An OCI container under crun, with a root file system made by hand: this machine's /usr, the built Writ, a folder of keys. */
import { spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const REPOSITORY = join(import.meta.dirname, "..", "..")
/** What container engines leave to root. */
const CAPABILITIES = [
  ..."CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP"
    .split(" ")
    .map((name) => `CAP_${name}`),
]
const MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

/** crun refuses machines with both versions of cgroups mounted. It uses none here. */
const UNIFIED = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'

export interface Container {
  /** For startExec: the command line that runs `line` as PID 1 of the container. */
  launch(line: readonly string[], env: NodeJS.ProcessEnv): readonly string[]
  /** As a container engine stops it. */
  kill(signal: NodeJS.Signals): void
  remove(): void
}

export interface ContainerOptions {
  /** Becomes /keys. */
  readonly keys: string
  /** Further capabilities. */
  readonly add?: readonly string[]
  /** As engines' seccomp profiles do for who has no CAP_SYS_ADMIN. */
  readonly forbidNamespaces?: boolean
}

/** The container is on this machine's network. `folder`: where its files may lie. */
export function makeContainer(
  folder: string,
  { keys, add = [], forbidNamespaces = false }: ContainerOptions,
): Container {
  const id = `writ-test-${randomUUID()}`
  const bundle = join(folder, id)
  const root = join(bundle, "rootfs")
  for (const name of ["usr", "proc", "dev", "tmp", "work", "writ", "keys", "node", "etc"])
    mkdirSync(join(root, name), { recursive: true })
  chmodSync(join(root, "work"), 0o777)
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name))
  writeFileSync(join(root, "etc", "passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
  cpSync("/etc/ld.so.cache", join(root, "etc", "ld.so.cache"))
  const bind = (source: string, destination: string) => ({
    source,
    destination,
    type: "bind",
    options: ["rbind", "ro"],
  })
  const mounts = [
    { source: "proc", destination: "/proc", type: "proc" },
    { source: "tmpfs", destination: "/dev", type: "tmpfs", options: ["nosuid", "mode=755"] },
    { source: "tmpfs", destination: "/tmp", type: "tmpfs", options: ["nosuid", "mode=1777"] },
    bind("/usr", "/usr"),
    bind(REPOSITORY, "/writ"),
    bind(keys, "/keys"),
    bind(dirname(process.execPath), "/node"),
  ]
  const capabilities = [...CAPABILITIES, ...add]
  const seccomp = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["unshare", "setns"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  }
  return {
    launch(line, env) {
      const config = {
        ociVersion: "1.0.2",
        process: {
          user: { uid: 0, gid: 0 },
          args: ["/node/node", "/writ/dist/main.js", ...line],
          env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
          cwd: "/work",
          capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
        },
        root: { path: "rootfs" },
        mounts,
        linux: {
          namespaces: ["pid", "mount", "ipc", "uts"].map((type) => ({ type })),
          maskedPaths: MASKED,
          readonlyPaths: READ_ONLY,
          ...(forbidNamespaces && { seccomp }),
        },
      }
      writeFileSync(join(bundle, "config.json"), JSON.stringify(config))
      const run = ["crun", "--cgroup-manager=disabled", "run", "--preserve-fds=7", "--bundle", bundle, id]
      return ["unshare", "--mount", "sh", "-c", UNIFIED, "sh", ...run]
    },
    kill: (signal) => void spawnSync("crun", ["kill", id, signal.slice("SIG".length)]),
    remove: () => void spawnSync("crun", ["delete", "--force", id]),
  }
}
