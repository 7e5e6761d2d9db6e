// Original file: proto/writ/v1/authorization.proto


export interface GetExecutionRequest {
  'execution_id'?: (string);
}

export interface GetExecutionRequest__Output {
  'execution_id': (string);
}
