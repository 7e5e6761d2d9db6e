// Original file: proto/writ/v1/admin.proto


export interface GetServerInfoRequest {
}

export interface GetServerInfoRequest__Output {
}
