// Original file: proto/writ/v1/policy.proto


export interface BundleFile {
  'path'?: (string);
  'content'?: (Buffer | Uint8Array | string);
}

export interface BundleFile__Output {
  'path': (string);
  'content': (Buffer);
}
