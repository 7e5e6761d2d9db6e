// Original file: proto/writ/v1/verifier.proto


export interface Measurements {
  'code'?: (Buffer | Uint8Array | string);
  'image'?: (Buffer | Uint8Array | string);
  'model'?: (Buffer | Uint8Array | string);
  'prompt'?: (Buffer | Uint8Array | string);
  'tool_manifest'?: (Buffer | Uint8Array | string);
  'config'?: (Buffer | Uint8Array | string);
}

export interface Measurements__Output {
  'code': (Buffer);
  'image': (Buffer);
  'model': (Buffer);
  'prompt': (Buffer);
  'tool_manifest': (Buffer);
  'config': (Buffer);
}
