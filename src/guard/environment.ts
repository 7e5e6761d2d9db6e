/** What a guarded process is given of the guard's environment: everything but what configures Writ or holds its secrets. */

/** Names are compared without case, as Windows and some libraries do. */
export function scrubEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && !name.toUpperCase().startsWith("WRIT_")) kept[name] = value
  return kept
}
