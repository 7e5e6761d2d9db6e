// Original file: proto/writ/v1/admin.proto


export interface ListCallerKeysRequest {
}

export interface ListCallerKeysRequest__Output {
}
