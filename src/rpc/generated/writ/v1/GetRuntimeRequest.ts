// Original file: proto/writ/v1/verifier.proto


export interface GetRuntimeRequest {
  'runtime_id'?: (string);
}

export interface GetRuntimeRequest__Output {
  'runtime_id': (string);
}
