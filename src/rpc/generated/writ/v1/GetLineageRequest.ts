// Original file: proto/writ/v1/lineage.proto


export interface GetLineageRequest {
  'execution_id'?: (string);
}

export interface GetLineageRequest__Output {
  'execution_id': (string);
}
