// Original file: proto/writ/v1/authorization.proto

export const Isolation = {
  ISOLATION_UNSPECIFIED: 'ISOLATION_UNSPECIFIED',
  ISOLATION_NONE: 'ISOLATION_NONE',
  ISOLATION_PROCESS_GROUP: 'ISOLATION_PROCESS_GROUP',
  ISOLATION_PID_NAMESPACE: 'ISOLATION_PID_NAMESPACE',
} as const;

export type Isolation =
  | 'ISOLATION_UNSPECIFIED'
  | 0
  | 'ISOLATION_NONE'
  | 1
  | 'ISOLATION_PROCESS_GROUP'
  | 2
  | 'ISOLATION_PID_NAMESPACE'
  | 3

export type Isolation__Output = typeof Isolation[keyof typeof Isolation]
