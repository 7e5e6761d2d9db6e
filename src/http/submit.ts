/** Posts to a witness (C2SP tlog-witness, add-checkpoint). */
const LIMIT_MS = 1_000
/** Of an answer: a few signature lines, or a number. */
const MAX_ANSWER_CHARS = 64 * 1024

/** `url`: the submission prefix. Rejects when there is no answer within a second. */
export async function submitCheckpoint(
  url: string,
  body: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${url.replace(/\/$/, "")}/add-checkpoint`, {
    method: "POST",
    body,
    headers: { "content-type": "text/plain; charset=utf-8" },
    redirect: "error",
    signal: AbortSignal.timeout(LIMIT_MS),
  })
  return { status: response.status, body: (await response.text()).slice(0, MAX_ANSWER_CHARS) }
}
