// Original file: proto/writ/v1/lineage.proto

export const LogState = {
  LOG_STATE_UNSPECIFIED: 'LOG_STATE_UNSPECIFIED',
  LOG_STATE_LEASED: 'LOG_STATE_LEASED',
  LOG_STATE_RELEASED: 'LOG_STATE_RELEASED',
  LOG_STATE_CLOSED: 'LOG_STATE_CLOSED',
} as const;

export type LogState =
  | 'LOG_STATE_UNSPECIFIED'
  | 0
  | 'LOG_STATE_LEASED'
  | 1
  | 'LOG_STATE_RELEASED'
  | 2
  | 'LOG_STATE_CLOSED'
  | 3

export type LogState__Output = typeof LogState[keyof typeof LogState]
