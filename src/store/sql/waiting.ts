/** Approvals that wait: neither refused nor used, and not lapsed. `now` and what else is given are SQL expressions. */
export function waiting(now: string): string {
  return `approval w LEFT JOIN execution x ON x.execution_id = w.approval_id
     WHERE w.expires_at > ${now} AND coalesce(x.state, 'APPROVAL_PENDING') = 'APPROVAL_PENDING'`
}

export function countWaiting(caller: string, now: string): string {
  return `SELECT count(*) FROM ${waiting(now)} AND w.caller = ${caller}`
}
