// Original file: proto/writ/v1/admin.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';
import type { Long } from '@grpc/proto-loader';

export interface KillSwitchResponse {
  'executions'?: (number | string | Long);
  'runtimes'?: (number | string | Long);
  'receipt'?: (_writ_v1_LedgerReceipt | null);
}

export interface KillSwitchResponse__Output {
  'executions': (string);
  'runtimes': (string);
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
}
