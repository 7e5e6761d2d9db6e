// Original file: proto/writ/v1/common.proto

export const CheckStatus = {
  CHECK_STATUS_UNSPECIFIED: 'CHECK_STATUS_UNSPECIFIED',
  CHECK_STATUS_PASS: 'CHECK_STATUS_PASS',
  CHECK_STATUS_FAIL: 'CHECK_STATUS_FAIL',
  CHECK_STATUS_NOT_REACHED: 'CHECK_STATUS_NOT_REACHED',
} as const;

export type CheckStatus =
  | 'CHECK_STATUS_UNSPECIFIED'
  | 0
  | 'CHECK_STATUS_PASS'
  | 1
  | 'CHECK_STATUS_FAIL'
  | 2
  | 'CHECK_STATUS_NOT_REACHED'
  | 3

export type CheckStatus__Output = typeof CheckStatus[keyof typeof CheckStatus]
