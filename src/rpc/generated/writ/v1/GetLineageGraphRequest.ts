// Original file: proto/writ/v1/lineage.proto


export interface GetLineageGraphRequest {
  'execution_id'?: (string);
  'max_executions'?: (number);
  'page_token'?: (string);
}

export interface GetLineageGraphRequest__Output {
  'execution_id': (string);
  'max_executions': (number);
  'page_token': (string);
}
