// Original file: proto/writ/v1/policy.proto

import type { BundleFiles as _writ_v1_BundleFiles, BundleFiles__Output as _writ_v1_BundleFiles__Output } from '../../writ/v1/BundleFiles.ts';

export interface TestBundleRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'files'?: (_writ_v1_BundleFiles | null);
  'filter'?: (string);
  'bundle'?: "digest"|"files";
}

export interface TestBundleRequest__Output {
  'digest'?: (Buffer);
  'files'?: (_writ_v1_BundleFiles__Output | null);
  'filter': (string);
  'bundle'?: "digest"|"files";
}
