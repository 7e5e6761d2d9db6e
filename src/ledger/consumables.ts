/**
 * Versioned rows beside the log: what a decision read there must still be so when it is appended. Memory is a cache of them;
 * decisions that are queued stand in it before they are durable, so that the next one sees what is in flight.
 */
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"

/** A row takes some 0.2 to 4 kB. */
export const MAX_CACHED_ROWS = 20_000

const MAX_LOADED_AT_ONCE = 1_000

export interface RowName {
  /** UUID text: 16 bytes of a hash of what it is and what it is counted for. */
  readonly key: string
  /** UUID text: 16 bytes of a hash of what it is. */
  readonly family: string
}

/** One version of a row. The object is the version: another one with the same number is not the same. */
export interface RowVersion extends RowName {
  /** 0: there is no such row yet. */
  readonly version: number
  /** Null: there is no such row yet. */
  readonly content: JsonObject | null
}

/** What a record read of a row, and what it makes of it; null: it leaves it as it is. */
export interface RowUse {
  readonly read: RowVersion
  readonly next: RowVersion | null
}

export interface RowStore {
  /** The rows as they are now, also those that are not there (version 0). */
  rows(names: readonly RowName[]): Promise<readonly RowVersion[]>
}

interface Cached {
  /** As it is in the database, as far as is known. */
  committed: RowVersion
  /** With what is in flight. */
  newest: RowVersion
}

/** Which version each row has after some records; what is not in it is as it was committed. */
export type Heads = Map<string, RowVersion>

export class Consumables {
  readonly #store: RowStore
  readonly #cached = new Map<string, Cached>()
  readonly #maxRows: number
  /** To be loaded by the statement after the one that is under way. */
  readonly #wanted = new Map<string, RowName>()
  #loading: Promise<void> | null = null

  constructor(store: RowStore, maxRows: number = MAX_CACHED_ROWS) {
    this.#store = store
    this.#maxRows = maxRows
  }

  /** With what is in flight; undefined: it has to be loaded. */
  newest(key: string): RowVersion | undefined {
    return this.#cached.get(key)?.newest
  }

  /** When it resolves they are known; they may be forgotten again later: ask once more. Throws LEDGER_UNAVAILABLE. */
  async load(names: readonly RowName[]): Promise<void> {
    const missing = names.filter(({ key }) => !this.#cached.has(key))
    if (missing.length === 0) return
    for (const name of missing) this.#wanted.set(name.key, name)
    // One statement at a time, for all who wait: a thousand calls about one row are one read of it.
    this.#loading ??= this.#loadWanted().finally(() => {
      this.#loading = null
    })
    await this.#loading
  }

  async #loadWanted(): Promise<void> {
    await null // those who ask in this turn are asked for together
    while (this.#wanted.size > 0) {
      const names = [...this.#wanted.values()].slice(0, MAX_LOADED_AT_ONCE)
      for (const { key } of names) this.#wanted.delete(key)
      try {
        for (const row of await this.#store.rows(names))
          if (!this.#cached.has(row.key)) this.#cached.set(row.key, { committed: row, newest: row })
      } catch (cause) {
        this.#wanted.clear()
        throw new WritError("LEDGER_UNAVAILABLE", "Histories and budgets cannot be read now. Try again.", { cause })
      }
      this.#forget(names)
    }
  }

  /** Is all that was read still so after these heads? */
  follows(uses: readonly RowUse[], heads: Heads): boolean {
    return uses.every(({ read }) => (heads.get(read.key) ?? this.#cached.get(read.key)?.committed) === read)
  }

  /** A record was queued. False: it read something that is not the newest any more, and is not to be queued. */
  queue(uses: readonly RowUse[]): boolean {
    if (!uses.every(({ read }) => this.newest(read.key) === read)) return false
    for (const { read, next } of uses) if (next) (this.#cached.get(read.key) as Cached).newest = next
    return true
  }

  /** What is in flight is now this and no more. */
  reset(heads: Heads): void {
    for (const [key, cached] of this.#cached) cached.newest = heads.get(key) ?? cached.committed
  }

  committed(heads: Heads): void {
    for (const [key, version] of heads) {
      const cached = this.#cached.get(key)
      if (cached) cached.committed = version
    }
  }

  /** The database has these, so what was read before is not so any more. */
  replace(rows: readonly RowVersion[]): void {
    for (const row of rows) this.#cached.set(row.key, { committed: row, newest: row })
  }

  /** Nothing is known any more: the outcome of a batch is not. */
  clear(): void {
    this.#cached.clear()
  }

  get size(): number {
    return this.#cached.size
  }

  /** The oldest first, but nothing that is in flight, and not what was just asked for. */
  #forget(asked: readonly RowName[]): void {
    if (this.#cached.size <= this.#maxRows) return
    const wanted = new Set(asked.map(({ key }) => key))
    for (const [key, { committed, newest }] of this.#cached) {
      if (this.#cached.size <= this.#maxRows) return
      if (committed === newest && !wanted.has(key)) this.#cached.delete(key)
    }
  }
}

/** Moves the heads on by what a record makes of its rows. */
export function advanceHeads(heads: Heads, uses: readonly RowUse[]): void {
  for (const { read, next } of uses) heads.set(read.key, next ?? read)
}
