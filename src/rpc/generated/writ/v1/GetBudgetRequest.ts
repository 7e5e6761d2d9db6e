// Original file: proto/writ/v1/policy.proto


export interface GetBudgetRequest {
  'name'?: (string);
  'key'?: (string);
}

export interface GetBudgetRequest__Output {
  'name': (string);
  'key': (string);
}
