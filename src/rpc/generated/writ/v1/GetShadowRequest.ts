// Original file: proto/writ/v1/policy.proto


export interface GetShadowRequest {
}

export interface GetShadowRequest__Output {
}
