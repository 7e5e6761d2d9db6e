// Original file: proto/writ/v1/policy.proto


export interface ActivateBundleRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'expected_active_digest'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
}

export interface ActivateBundleRequest__Output {
  'digest': (Buffer);
  'expected_active_digest': (Buffer);
  'reason': (string);
}
