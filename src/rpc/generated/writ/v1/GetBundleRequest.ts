// Original file: proto/writ/v1/policy.proto


export interface GetBundleRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'with_content'?: (boolean);
}

export interface GetBundleRequest__Output {
  'digest': (Buffer);
  'with_content': (boolean);
}
