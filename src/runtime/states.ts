/** How far a runtime is trusted: one table of states, events and what follows. */

export const RUNTIME_STATES = ["PROVISIONAL", "TRUSTED", "SUSPECT", "QUARANTINED", "REVOKED", "ENDED"] as const
export type RuntimeState = (typeof RUNTIME_STATES)[number]

export const RUNTIME_EVENTS = {
  affirmed: "enough beats in a row left no doubt",
  doubted: "a claim of a beat is doubtful, or the key was registered a second time",
  moved: "it runs in another environment than the one it registered with, and said which",
  contradicted: "it did what an honest runtime cannot do",
  quarantined: "an operator stops it",
  released: "an operator lets it begin again",
  revoked: "an operator refuses its key for ever",
  ended: "it ended cleanly",
  lapsed: "its lease ended without a beat",
} as const
export type RuntimeEvent = keyof typeof RUNTIME_EVENTS

const STOPPABLE = { contradicted: "QUARANTINED", quarantined: "QUARANTINED", revoked: "REVOKED" } as const
const LIVE = { ...STOPPABLE, ended: "ENDED", lapsed: "ENDED" } as const

/**
 * An event that is not in its state's row changes nothing. Silence ends a lease and never blames; a quarantine does not end
 * by silence or by the runtime's own wish, or both would be a way out of it.
 */
const TABLE: Readonly<Record<RuntimeState, Readonly<Partial<Record<RuntimeEvent, RuntimeState>>>>> = {
  PROVISIONAL: { ...LIVE, affirmed: "TRUSTED", moved: "PROVISIONAL" },
  TRUSTED: { ...LIVE, doubted: "SUSPECT", moved: "SUSPECT" },
  SUSPECT: { ...LIVE, affirmed: "TRUSTED", moved: "SUSPECT" },
  QUARANTINED: { released: "PROVISIONAL", revoked: "REVOKED" },
  REVOKED: {},
  ENDED: {},
}

/** The state after an event; null when the event changes nothing. */
export function nextState(state: RuntimeState, event: RuntimeEvent): RuntimeState | null {
  return TABLE[state][event] ?? null
}

/** May it still beat? */
export function isOpen(state: RuntimeState): boolean {
  return state !== "ENDED" && state !== "REVOKED"
}
