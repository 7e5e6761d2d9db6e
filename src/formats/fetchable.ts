/** Addresses that may be asked for what is then believed. */

/** By https; by http on this machine only; without a password in it. */
export function isFetchable(text: string): boolean {
  return /^(?:https:\/\/[a-z0-9.-]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(?:\/[^\s\\]*)?$/i.test(
    text,
  )
}
