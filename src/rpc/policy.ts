/** PolicyService: the life of bundles. Decode, call, encode. */
import type { ActivateRequest, Activation, DecideRequest } from "../decision/activate-bundle.ts"
import type { Call } from "../decision/authorize.ts"
import type { BudgetPage, BudgetState } from "../decision/budgets.ts"
import {
  type BundleStore,
  bundleNotFound,
  readSurroundings,
  toBundleDigest,
  toBundleEnvelopes,
  toBundleView,
} from "../decision/bundles.ts"
import type { BundleCheck, BundleFiles } from "../decision/check-bundle.ts"
import { MAX_TIMEOUT_MS } from "../decision/limits.ts"
import type { Published, PublishRequest } from "../decision/publish-bundle.ts"
import type { ReplayDecisions } from "../decision/replay-decisions.ts"
import type { ShadowChanged, ShadowRequest, ShadowView } from "../decision/set-shadow.ts"
import type { BundleTests } from "../decision/test-bundle.ts"
import { WritError } from "../errors.ts"
import { toReceipt } from "./authorization.ts"
import { loadService, SERVICES } from "./load.ts"
import {
  fromBudget,
  fromBundle,
  fromBundlePosition,
  fromCheck,
  fromTests,
  toActivationId,
  toBundleFiles,
  toBundlePosition,
  toFilter,
  toReason,
  type WireBundleFile,
} from "./policy-codec.ts"
import { replayHandler } from "./replay.ts"
import type { Service } from "./server.ts"
import { fromShadow, toShadowRequest, type WireSetShadow } from "./shadow-codec.ts"
import { fromTime } from "./verifier-codec.ts"

const MAX_PAGE = 500
const DEFAULT_PAGE = 50

export interface PolicyPorts {
  readonly bundles: BundleStore
  checkFiles(files: BundleFiles, limitMs: number): Promise<BundleCheck>
  testFiles(files: BundleFiles, filter: string, limitMs: number): Promise<BundleTests>
  publish(request: PublishRequest, call: Call): Promise<Published>
  readonly replay: ReplayDecisions
  readonly budgets: {
    get(name: string, key: string): Promise<BudgetState>
    list(name: string, pageSize: number, pageToken: string): Promise<BudgetPage>
  }
  activate(request: ActivateRequest, call: Call): Promise<Activation>
  decide(request: DecideRequest, call: Call): Promise<Activation>
  readonly shadow: {
    set(request: ShadowRequest, call: Call): Promise<ShadowChanged>
    get(): Promise<ShadowView | null>
  }
  wallMs(): number
}

export function policyService(ports: PolicyPorts): Service {
  const { bundles } = ports
  return {
    definition: loadService(SERVICES.policy),
    watches: { ReplayDecisions: replayHandler(ports.replay) },
    unary: {
      async ValidateBundle({ files }: { files: readonly WireBundleFile[] }, { timeoutMs }) {
        const limitMs = Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS)
        return fromCheck(await ports.checkFiles(toBundleFiles(files), limitMs))
      },

      async TestBundle(request: { files?: { files: readonly WireBundleFile[] }; filter: string }, { timeoutMs }) {
        if (!request.files)
          throw new WritError(
            "POLICY_INVALID",
            "Tests are no part of a published bundle: send the files, tests among them.",
          )
        const files = toBundleFiles(request.files.files)
        const limitMs = Math.min(timeoutMs ?? MAX_TIMEOUT_MS, MAX_TIMEOUT_MS)
        return fromTests(await ports.testFiles(files, toFilter(request.filter), limitMs))
      },

      async PublishBundle(
        { files, envelope, comment }: { files: readonly WireBundleFile[]; envelope: Buffer; comment: string },
        context,
      ) {
        const request = { files: toBundleFiles(files), envelope, comment: toReason("comment", comment) }
        const { bundle, receipt, alreadyPublished } = await ports.publish(request, context)
        return { bundle: fromBundle(bundle), receipt: toReceipt(receipt), already_published: alreadyPublished }
      },

      async ActivateBundle(request: { digest: Buffer; expected_active_digest: Buffer; reason: string }, context) {
        const expected = request.expected_active_digest
        const { bundle, epoch, waiting, receipt } = await ports.activate(
          {
            digest: toBundleDigest("digest", request.digest),
            expectedActive: expected.length === 0 ? null : toBundleDigest("expected_active_digest", expected),
            reason: toReason("reason", request.reason),
          },
          context,
        )
        return {
          bundle: fromBundle(bundle),
          epoch: epoch.toString(),
          ...(waiting && { activation_id: waiting.id, expires_at: fromTime(waiting.expiresAtMs) }),
          receipt: toReceipt(receipt),
        }
      },

      async DecideActivation(request: { activation_id: string; approve: boolean; reason: string }, context) {
        const { bundle, epoch, receipt } = await ports.decide(
          {
            id: toActivationId(request.activation_id),
            approve: request.approve,
            reason: toReason("reason", request.reason),
          },
          context,
        )
        return { bundle: fromBundle(bundle), epoch: epoch.toString(), receipt: toReceipt(receipt) }
      },

      async SetShadowBundle(request: WireSetShadow, context) {
        const { bundle, receipt } = await ports.shadow.set(toShadowRequest(request), context)
        return { ...(bundle && { bundle: fromBundle(bundle) }), ...(receipt && { receipt: toReceipt(receipt) }) }
      },

      async GetShadow() {
        const shadow = await ports.shadow.get()
        return shadow ? fromShadow(shadow) : {}
      },

      async GetBundle({ digest, with_content }: { digest: Buffer; with_content: boolean }) {
        const around = await readSurroundings(bundles, ports.wallMs())
        const wanted = digest.length === 0 ? around.active?.digest : toBundleDigest("digest", digest)
        if (!wanted) throw new WritError("NOT_FOUND", "No policy bundle is active.")
        const bundle = await bundles.find(wanted)
        if (!bundle) throw bundleNotFound(wanted)
        return {
          bundle: fromBundle(toBundleView(bundle, around)),
          envelopes: toBundleEnvelopes(bundle.signatures),
          ...(with_content && { content: await bundles.content(wanted) }),
        }
      },

      async GetBudget({ name, key }: { name: string; key: string }) {
        return { budget: fromBudget(await ports.budgets.get(name, key)) }
      },

      async ListBudgets({ name, page_size, page_token }: { name: string; page_size: number; page_token: string }) {
        const { budgets, nextPageToken } = await ports.budgets.list(name, page_size, page_token)
        return { budgets: budgets.map(fromBudget), next_page_token: nextPageToken }
      },

      async ListBundles({ page_size, page_token }: { page_size: number; page_token: string }) {
        if (page_size < 0 || page_size > MAX_PAGE)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
        const size = page_size || DEFAULT_PAGE
        const around = await readSurroundings(bundles, ports.wallMs())
        const found = await bundles.list(toBundlePosition(page_token), size + 1)
        const last = found.length > size ? found[size - 1] : undefined
        return {
          bundles: found.slice(0, size).map((bundle) => fromBundle(toBundleView(bundle, around))),
          next_page_token: last ? fromBundlePosition(last) : "",
        }
      },
    },
  }
}
