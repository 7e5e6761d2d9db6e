// Original file: proto/writ/v1/lineage.proto


export interface VerifyLineageRequest {
  'execution_id'?: (string);
}

export interface VerifyLineageRequest__Output {
  'execution_id': (string);
}
