/** What fsck reads and reports. */

export interface Finding {
  readonly table: string
  /** What is wrong, for people. */
  readonly text: string
  /** Log index of the record to blame, where one is. */
  readonly index?: number
  readonly log?: string
}

export interface FsckReport {
  readonly clean: boolean
  readonly records: number
  readonly logs: readonly {
    readonly origin: string
    readonly size: number
    readonly root: string
    readonly checkpoints: number
    readonly anchored: boolean
    /** Records that are in archives, and whether their file was given and read. */
    readonly archived: readonly {
      readonly first: number
      readonly past: number
      readonly digest: string
      readonly read: boolean
    }[]
  }[]
  /** At most 100. */
  readonly findings: readonly Finding[]
}

export interface FsckStore {
  /** Rows of a query over a consistent snapshot of the database. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** The same without parameters, each row as it comes: what `onRow` is given is good until it returns. */
  copy(select: string, columns: number, onRow: (fields: readonly (Buffer | null)[]) => void): Promise<void>
}

export interface LogRow {
  readonly log_id: number
  readonly origin: string
  readonly verifier_key: string
  readonly size: bigint | null
  readonly root: Buffer | null
  readonly fence: bigint | null
}

/** A multiple of 256, so that parts hold whole tiles and whole blocks of facets. Small, so that threads end together. */
export const PART_RECORDS = 8_192
