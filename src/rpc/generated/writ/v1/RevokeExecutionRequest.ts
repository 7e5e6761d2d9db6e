// Original file: proto/writ/v1/authorization.proto


export interface RevokeExecutionRequest {
  'execution_id'?: (string);
  'reason'?: (string);
}

export interface RevokeExecutionRequest__Output {
  'execution_id': (string);
  'reason': (string);
}
