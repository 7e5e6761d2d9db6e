// Original file: proto/writ/v1/admin.proto


export interface KillSwitchRequest {
  'mode'?: (string);
  'scope'?: (string);
  'id'?: (string);
  'reason'?: (string);
}

export interface KillSwitchRequest__Output {
  'mode': (string);
  'scope': (string);
  'id': (string);
  'reason': (string);
}
