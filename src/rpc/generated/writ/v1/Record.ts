// Original file: proto/writ/v1/lineage.proto

import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from '../../writ/v1/LedgerReceipt.ts';

export interface Record {
  'receipt'?: (_writ_v1_LedgerReceipt | null);
  'body'?: (Buffer | Uint8Array | string);
  'payload'?: (Buffer | Uint8Array | string);
  'payload_erased'?: (boolean);
}

export interface Record__Output {
  'receipt': (_writ_v1_LedgerReceipt__Output | null);
  'body': (Buffer);
  'payload': (Buffer);
  'payload_erased': (boolean);
}
