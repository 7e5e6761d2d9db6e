import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from './writ/v1/Action.ts';
import type { AdminServiceClient as _writ_v1_AdminServiceClient, AdminServiceDefinition as _writ_v1_AdminServiceDefinition } from './writ/v1/AdminService.ts';
import type { Binding as _writ_v1_Binding, Binding__Output as _writ_v1_Binding__Output } from './writ/v1/Binding.ts';
import type { CallerKey as _writ_v1_CallerKey, CallerKey__Output as _writ_v1_CallerKey__Output } from './writ/v1/CallerKey.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from './writ/v1/Check.ts';
import type { CreateCallerKeyRequest as _writ_v1_CreateCallerKeyRequest, CreateCallerKeyRequest__Output as _writ_v1_CreateCallerKeyRequest__Output } from './writ/v1/CreateCallerKeyRequest.ts';
import type { CreateCallerKeyResponse as _writ_v1_CreateCallerKeyResponse, CreateCallerKeyResponse__Output as _writ_v1_CreateCallerKeyResponse__Output } from './writ/v1/CreateCallerKeyResponse.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from './writ/v1/Entity.ts';
import type { ErasePayloadRequest as _writ_v1_ErasePayloadRequest, ErasePayloadRequest__Output as _writ_v1_ErasePayloadRequest__Output } from './writ/v1/ErasePayloadRequest.ts';
import type { ErasePayloadResponse as _writ_v1_ErasePayloadResponse, ErasePayloadResponse__Output as _writ_v1_ErasePayloadResponse__Output } from './writ/v1/ErasePayloadResponse.ts';
import type { GetServerInfoRequest as _writ_v1_GetServerInfoRequest, GetServerInfoRequest__Output as _writ_v1_GetServerInfoRequest__Output } from './writ/v1/GetServerInfoRequest.ts';
import type { GetServerInfoResponse as _writ_v1_GetServerInfoResponse, GetServerInfoResponse__Output as _writ_v1_GetServerInfoResponse__Output } from './writ/v1/GetServerInfoResponse.ts';
import type { GetSubjectRequest as _writ_v1_GetSubjectRequest, GetSubjectRequest__Output as _writ_v1_GetSubjectRequest__Output } from './writ/v1/GetSubjectRequest.ts';
import type { GetSubjectResponse as _writ_v1_GetSubjectResponse, GetSubjectResponse__Output as _writ_v1_GetSubjectResponse__Output } from './writ/v1/GetSubjectResponse.ts';
import type { KillSwitchRequest as _writ_v1_KillSwitchRequest, KillSwitchRequest__Output as _writ_v1_KillSwitchRequest__Output } from './writ/v1/KillSwitchRequest.ts';
import type { KillSwitchResponse as _writ_v1_KillSwitchResponse, KillSwitchResponse__Output as _writ_v1_KillSwitchResponse__Output } from './writ/v1/KillSwitchResponse.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from './writ/v1/LedgerReceipt.ts';
import type { ListBindingsRequest as _writ_v1_ListBindingsRequest, ListBindingsRequest__Output as _writ_v1_ListBindingsRequest__Output } from './writ/v1/ListBindingsRequest.ts';
import type { ListBindingsResponse as _writ_v1_ListBindingsResponse, ListBindingsResponse__Output as _writ_v1_ListBindingsResponse__Output } from './writ/v1/ListBindingsResponse.ts';
import type { ListCallerKeysRequest as _writ_v1_ListCallerKeysRequest, ListCallerKeysRequest__Output as _writ_v1_ListCallerKeysRequest__Output } from './writ/v1/ListCallerKeysRequest.ts';
import type { ListCallerKeysResponse as _writ_v1_ListCallerKeysResponse, ListCallerKeysResponse__Output as _writ_v1_ListCallerKeysResponse__Output } from './writ/v1/ListCallerKeysResponse.ts';
import type { ListSubjectsRequest as _writ_v1_ListSubjectsRequest, ListSubjectsRequest__Output as _writ_v1_ListSubjectsRequest__Output } from './writ/v1/ListSubjectsRequest.ts';
import type { ListSubjectsResponse as _writ_v1_ListSubjectsResponse, ListSubjectsResponse__Output as _writ_v1_ListSubjectsResponse__Output } from './writ/v1/ListSubjectsResponse.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from './writ/v1/Obligation.ts';
import type { PutBindingRequest as _writ_v1_PutBindingRequest, PutBindingRequest__Output as _writ_v1_PutBindingRequest__Output } from './writ/v1/PutBindingRequest.ts';
import type { PutBindingResponse as _writ_v1_PutBindingResponse, PutBindingResponse__Output as _writ_v1_PutBindingResponse__Output } from './writ/v1/PutBindingResponse.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from './writ/v1/Reason.ts';
import type { RemoveBindingRequest as _writ_v1_RemoveBindingRequest, RemoveBindingRequest__Output as _writ_v1_RemoveBindingRequest__Output } from './writ/v1/RemoveBindingRequest.ts';
import type { RemoveBindingResponse as _writ_v1_RemoveBindingResponse, RemoveBindingResponse__Output as _writ_v1_RemoveBindingResponse__Output } from './writ/v1/RemoveBindingResponse.ts';
import type { RevokeCallerKeyRequest as _writ_v1_RevokeCallerKeyRequest, RevokeCallerKeyRequest__Output as _writ_v1_RevokeCallerKeyRequest__Output } from './writ/v1/RevokeCallerKeyRequest.ts';
import type { RevokeCallerKeyResponse as _writ_v1_RevokeCallerKeyResponse, RevokeCallerKeyResponse__Output as _writ_v1_RevokeCallerKeyResponse__Output } from './writ/v1/RevokeCallerKeyResponse.ts';
import type { RotateKeyRequest as _writ_v1_RotateKeyRequest, RotateKeyRequest__Output as _writ_v1_RotateKeyRequest__Output } from './writ/v1/RotateKeyRequest.ts';
import type { RotateKeyResponse as _writ_v1_RotateKeyResponse, RotateKeyResponse__Output as _writ_v1_RotateKeyResponse__Output } from './writ/v1/RotateKeyResponse.ts';
import type { Scope as _writ_v1_Scope, Scope__Output as _writ_v1_Scope__Output } from './writ/v1/Scope.ts';
import type { SetSubjectStateRequest as _writ_v1_SetSubjectStateRequest, SetSubjectStateRequest__Output as _writ_v1_SetSubjectStateRequest__Output } from './writ/v1/SetSubjectStateRequest.ts';
import type { SetSubjectStateResponse as _writ_v1_SetSubjectStateResponse, SetSubjectStateResponse__Output as _writ_v1_SetSubjectStateResponse__Output } from './writ/v1/SetSubjectStateResponse.ts';
import type { Subject as _writ_v1_Subject, Subject__Output as _writ_v1_Subject__Output } from './writ/v1/Subject.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
  }
  writ: {
    v1: {
      Action: MessageTypeDefinition<_writ_v1_Action, _writ_v1_Action__Output>
      AdminService: SubtypeConstructor<typeof grpc.Client, _writ_v1_AdminServiceClient> & { service: _writ_v1_AdminServiceDefinition }
      Binding: MessageTypeDefinition<_writ_v1_Binding, _writ_v1_Binding__Output>
      CallerKey: MessageTypeDefinition<_writ_v1_CallerKey, _writ_v1_CallerKey__Output>
      Check: MessageTypeDefinition<_writ_v1_Check, _writ_v1_Check__Output>
      CheckStatus: EnumTypeDefinition
      CreateCallerKeyRequest: MessageTypeDefinition<_writ_v1_CreateCallerKeyRequest, _writ_v1_CreateCallerKeyRequest__Output>
      CreateCallerKeyResponse: MessageTypeDefinition<_writ_v1_CreateCallerKeyResponse, _writ_v1_CreateCallerKeyResponse__Output>
      Decision: EnumTypeDefinition
      Entity: MessageTypeDefinition<_writ_v1_Entity, _writ_v1_Entity__Output>
      ErasePayloadRequest: MessageTypeDefinition<_writ_v1_ErasePayloadRequest, _writ_v1_ErasePayloadRequest__Output>
      ErasePayloadResponse: MessageTypeDefinition<_writ_v1_ErasePayloadResponse, _writ_v1_ErasePayloadResponse__Output>
      ExecutionState: EnumTypeDefinition
      GetServerInfoRequest: MessageTypeDefinition<_writ_v1_GetServerInfoRequest, _writ_v1_GetServerInfoRequest__Output>
      GetServerInfoResponse: MessageTypeDefinition<_writ_v1_GetServerInfoResponse, _writ_v1_GetServerInfoResponse__Output>
      GetSubjectRequest: MessageTypeDefinition<_writ_v1_GetSubjectRequest, _writ_v1_GetSubjectRequest__Output>
      GetSubjectResponse: MessageTypeDefinition<_writ_v1_GetSubjectResponse, _writ_v1_GetSubjectResponse__Output>
      KillSwitchRequest: MessageTypeDefinition<_writ_v1_KillSwitchRequest, _writ_v1_KillSwitchRequest__Output>
      KillSwitchResponse: MessageTypeDefinition<_writ_v1_KillSwitchResponse, _writ_v1_KillSwitchResponse__Output>
      LedgerReceipt: MessageTypeDefinition<_writ_v1_LedgerReceipt, _writ_v1_LedgerReceipt__Output>
      ListBindingsRequest: MessageTypeDefinition<_writ_v1_ListBindingsRequest, _writ_v1_ListBindingsRequest__Output>
      ListBindingsResponse: MessageTypeDefinition<_writ_v1_ListBindingsResponse, _writ_v1_ListBindingsResponse__Output>
      ListCallerKeysRequest: MessageTypeDefinition<_writ_v1_ListCallerKeysRequest, _writ_v1_ListCallerKeysRequest__Output>
      ListCallerKeysResponse: MessageTypeDefinition<_writ_v1_ListCallerKeysResponse, _writ_v1_ListCallerKeysResponse__Output>
      ListSubjectsRequest: MessageTypeDefinition<_writ_v1_ListSubjectsRequest, _writ_v1_ListSubjectsRequest__Output>
      ListSubjectsResponse: MessageTypeDefinition<_writ_v1_ListSubjectsResponse, _writ_v1_ListSubjectsResponse__Output>
      Obligation: MessageTypeDefinition<_writ_v1_Obligation, _writ_v1_Obligation__Output>
      PutBindingRequest: MessageTypeDefinition<_writ_v1_PutBindingRequest, _writ_v1_PutBindingRequest__Output>
      PutBindingResponse: MessageTypeDefinition<_writ_v1_PutBindingResponse, _writ_v1_PutBindingResponse__Output>
      Reason: MessageTypeDefinition<_writ_v1_Reason, _writ_v1_Reason__Output>
      RemoveBindingRequest: MessageTypeDefinition<_writ_v1_RemoveBindingRequest, _writ_v1_RemoveBindingRequest__Output>
      RemoveBindingResponse: MessageTypeDefinition<_writ_v1_RemoveBindingResponse, _writ_v1_RemoveBindingResponse__Output>
      RevokeCallerKeyRequest: MessageTypeDefinition<_writ_v1_RevokeCallerKeyRequest, _writ_v1_RevokeCallerKeyRequest__Output>
      RevokeCallerKeyResponse: MessageTypeDefinition<_writ_v1_RevokeCallerKeyResponse, _writ_v1_RevokeCallerKeyResponse__Output>
      RotateKeyRequest: MessageTypeDefinition<_writ_v1_RotateKeyRequest, _writ_v1_RotateKeyRequest__Output>
      RotateKeyResponse: MessageTypeDefinition<_writ_v1_RotateKeyResponse, _writ_v1_RotateKeyResponse__Output>
      Scope: MessageTypeDefinition<_writ_v1_Scope, _writ_v1_Scope__Output>
      SetSubjectStateRequest: MessageTypeDefinition<_writ_v1_SetSubjectStateRequest, _writ_v1_SetSubjectStateRequest__Output>
      SetSubjectStateResponse: MessageTypeDefinition<_writ_v1_SetSubjectStateResponse, _writ_v1_SetSubjectStateResponse__Output>
      Subject: MessageTypeDefinition<_writ_v1_Subject, _writ_v1_Subject__Output>
    }
  }
}

