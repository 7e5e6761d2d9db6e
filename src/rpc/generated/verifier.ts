import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Any as _google_protobuf_Any, Any__Output as _google_protobuf_Any__Output } from './google/protobuf/Any.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.ts';
import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Status as _google_rpc_Status, Status__Output as _google_rpc_Status__Output } from './google/rpc/Status.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from './writ/v1/Action.ts';
import type { Appraisal as _writ_v1_Appraisal, Appraisal__Output as _writ_v1_Appraisal__Output } from './writ/v1/Appraisal.ts';
import type { BeginRegistrationRequest as _writ_v1_BeginRegistrationRequest, BeginRegistrationRequest__Output as _writ_v1_BeginRegistrationRequest__Output } from './writ/v1/BeginRegistrationRequest.ts';
import type { BeginRegistrationResponse as _writ_v1_BeginRegistrationResponse, BeginRegistrationResponse__Output as _writ_v1_BeginRegistrationResponse__Output } from './writ/v1/BeginRegistrationResponse.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from './writ/v1/Check.ts';
import type { Counters as _writ_v1_Counters, Counters__Output as _writ_v1_Counters__Output } from './writ/v1/Counters.ts';
import type { Directive as _writ_v1_Directive, Directive__Output as _writ_v1_Directive__Output } from './writ/v1/Directive.ts';
import type { EndRuntimeRequest as _writ_v1_EndRuntimeRequest, EndRuntimeRequest__Output as _writ_v1_EndRuntimeRequest__Output } from './writ/v1/EndRuntimeRequest.ts';
import type { EndRuntimeResponse as _writ_v1_EndRuntimeResponse, EndRuntimeResponse__Output as _writ_v1_EndRuntimeResponse__Output } from './writ/v1/EndRuntimeResponse.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from './writ/v1/Entity.ts';
import type { Environment as _writ_v1_Environment, Environment__Output as _writ_v1_Environment__Output } from './writ/v1/Environment.ts';
import type { GetRuntimeRequest as _writ_v1_GetRuntimeRequest, GetRuntimeRequest__Output as _writ_v1_GetRuntimeRequest__Output } from './writ/v1/GetRuntimeRequest.ts';
import type { GetRuntimeResponse as _writ_v1_GetRuntimeResponse, GetRuntimeResponse__Output as _writ_v1_GetRuntimeResponse__Output } from './writ/v1/GetRuntimeResponse.ts';
import type { HeartbeatRequest as _writ_v1_HeartbeatRequest, HeartbeatRequest__Output as _writ_v1_HeartbeatRequest__Output } from './writ/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _writ_v1_HeartbeatResponse, HeartbeatResponse__Output as _writ_v1_HeartbeatResponse__Output } from './writ/v1/HeartbeatResponse.ts';
import type { HeartbeatStreamRequest as _writ_v1_HeartbeatStreamRequest, HeartbeatStreamRequest__Output as _writ_v1_HeartbeatStreamRequest__Output } from './writ/v1/HeartbeatStreamRequest.ts';
import type { HeartbeatStreamResponse as _writ_v1_HeartbeatStreamResponse, HeartbeatStreamResponse__Output as _writ_v1_HeartbeatStreamResponse__Output } from './writ/v1/HeartbeatStreamResponse.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from './writ/v1/LedgerReceipt.ts';
import type { ListReferenceValuesRequest as _writ_v1_ListReferenceValuesRequest, ListReferenceValuesRequest__Output as _writ_v1_ListReferenceValuesRequest__Output } from './writ/v1/ListReferenceValuesRequest.ts';
import type { ListReferenceValuesResponse as _writ_v1_ListReferenceValuesResponse, ListReferenceValuesResponse__Output as _writ_v1_ListReferenceValuesResponse__Output } from './writ/v1/ListReferenceValuesResponse.ts';
import type { ListRuntimesRequest as _writ_v1_ListRuntimesRequest, ListRuntimesRequest__Output as _writ_v1_ListRuntimesRequest__Output } from './writ/v1/ListRuntimesRequest.ts';
import type { ListRuntimesResponse as _writ_v1_ListRuntimesResponse, ListRuntimesResponse__Output as _writ_v1_ListRuntimesResponse__Output } from './writ/v1/ListRuntimesResponse.ts';
import type { Measurements as _writ_v1_Measurements, Measurements__Output as _writ_v1_Measurements__Output } from './writ/v1/Measurements.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from './writ/v1/Obligation.ts';
import type { PutReferenceValuesRequest as _writ_v1_PutReferenceValuesRequest, PutReferenceValuesRequest__Output as _writ_v1_PutReferenceValuesRequest__Output } from './writ/v1/PutReferenceValuesRequest.ts';
import type { PutReferenceValuesResponse as _writ_v1_PutReferenceValuesResponse, PutReferenceValuesResponse__Output as _writ_v1_PutReferenceValuesResponse__Output } from './writ/v1/PutReferenceValuesResponse.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from './writ/v1/Reason.ts';
import type { ReferenceValues as _writ_v1_ReferenceValues, ReferenceValues__Output as _writ_v1_ReferenceValues__Output } from './writ/v1/ReferenceValues.ts';
import type { RegisterRuntimeRequest as _writ_v1_RegisterRuntimeRequest, RegisterRuntimeRequest__Output as _writ_v1_RegisterRuntimeRequest__Output } from './writ/v1/RegisterRuntimeRequest.ts';
import type { RegisterRuntimeResponse as _writ_v1_RegisterRuntimeResponse, RegisterRuntimeResponse__Output as _writ_v1_RegisterRuntimeResponse__Output } from './writ/v1/RegisterRuntimeResponse.ts';
import type { Runtime as _writ_v1_Runtime, Runtime__Output as _writ_v1_Runtime__Output } from './writ/v1/Runtime.ts';
import type { SetRuntimeStateRequest as _writ_v1_SetRuntimeStateRequest, SetRuntimeStateRequest__Output as _writ_v1_SetRuntimeStateRequest__Output } from './writ/v1/SetRuntimeStateRequest.ts';
import type { SetRuntimeStateResponse as _writ_v1_SetRuntimeStateResponse, SetRuntimeStateResponse__Output as _writ_v1_SetRuntimeStateResponse__Output } from './writ/v1/SetRuntimeStateResponse.ts';
import type { VerifierServiceClient as _writ_v1_VerifierServiceClient, VerifierServiceDefinition as _writ_v1_VerifierServiceDefinition } from './writ/v1/VerifierService.ts';
import type { WatchDirectivesRequest as _writ_v1_WatchDirectivesRequest, WatchDirectivesRequest__Output as _writ_v1_WatchDirectivesRequest__Output } from './writ/v1/WatchDirectivesRequest.ts';
import type { WatchDirectivesResponse as _writ_v1_WatchDirectivesResponse, WatchDirectivesResponse__Output as _writ_v1_WatchDirectivesResponse__Output } from './writ/v1/WatchDirectivesResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Any: MessageTypeDefinition<_google_protobuf_Any, _google_protobuf_Any__Output>
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      ListValue: MessageTypeDefinition<_google_protobuf_ListValue, _google_protobuf_ListValue__Output>
      NullValue: EnumTypeDefinition
      Struct: MessageTypeDefinition<_google_protobuf_Struct, _google_protobuf_Struct__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
      Value: MessageTypeDefinition<_google_protobuf_Value, _google_protobuf_Value__Output>
    }
    rpc: {
      Status: MessageTypeDefinition<_google_rpc_Status, _google_rpc_Status__Output>
    }
  }
  writ: {
    v1: {
      Action: MessageTypeDefinition<_writ_v1_Action, _writ_v1_Action__Output>
      Appraisal: MessageTypeDefinition<_writ_v1_Appraisal, _writ_v1_Appraisal__Output>
      BeginRegistrationRequest: MessageTypeDefinition<_writ_v1_BeginRegistrationRequest, _writ_v1_BeginRegistrationRequest__Output>
      BeginRegistrationResponse: MessageTypeDefinition<_writ_v1_BeginRegistrationResponse, _writ_v1_BeginRegistrationResponse__Output>
      Check: MessageTypeDefinition<_writ_v1_Check, _writ_v1_Check__Output>
      CheckStatus: EnumTypeDefinition
      Counters: MessageTypeDefinition<_writ_v1_Counters, _writ_v1_Counters__Output>
      Decision: EnumTypeDefinition
      Directive: MessageTypeDefinition<_writ_v1_Directive, _writ_v1_Directive__Output>
      EndRuntimeRequest: MessageTypeDefinition<_writ_v1_EndRuntimeRequest, _writ_v1_EndRuntimeRequest__Output>
      EndRuntimeResponse: MessageTypeDefinition<_writ_v1_EndRuntimeResponse, _writ_v1_EndRuntimeResponse__Output>
      Entity: MessageTypeDefinition<_writ_v1_Entity, _writ_v1_Entity__Output>
      Environment: MessageTypeDefinition<_writ_v1_Environment, _writ_v1_Environment__Output>
      ExecutionState: EnumTypeDefinition
      GetRuntimeRequest: MessageTypeDefinition<_writ_v1_GetRuntimeRequest, _writ_v1_GetRuntimeRequest__Output>
      GetRuntimeResponse: MessageTypeDefinition<_writ_v1_GetRuntimeResponse, _writ_v1_GetRuntimeResponse__Output>
      HeartbeatRequest: MessageTypeDefinition<_writ_v1_HeartbeatRequest, _writ_v1_HeartbeatRequest__Output>
      HeartbeatResponse: MessageTypeDefinition<_writ_v1_HeartbeatResponse, _writ_v1_HeartbeatResponse__Output>
      HeartbeatStreamRequest: MessageTypeDefinition<_writ_v1_HeartbeatStreamRequest, _writ_v1_HeartbeatStreamRequest__Output>
      HeartbeatStreamResponse: MessageTypeDefinition<_writ_v1_HeartbeatStreamResponse, _writ_v1_HeartbeatStreamResponse__Output>
      LedgerReceipt: MessageTypeDefinition<_writ_v1_LedgerReceipt, _writ_v1_LedgerReceipt__Output>
      ListReferenceValuesRequest: MessageTypeDefinition<_writ_v1_ListReferenceValuesRequest, _writ_v1_ListReferenceValuesRequest__Output>
      ListReferenceValuesResponse: MessageTypeDefinition<_writ_v1_ListReferenceValuesResponse, _writ_v1_ListReferenceValuesResponse__Output>
      ListRuntimesRequest: MessageTypeDefinition<_writ_v1_ListRuntimesRequest, _writ_v1_ListRuntimesRequest__Output>
      ListRuntimesResponse: MessageTypeDefinition<_writ_v1_ListRuntimesResponse, _writ_v1_ListRuntimesResponse__Output>
      Measurements: MessageTypeDefinition<_writ_v1_Measurements, _writ_v1_Measurements__Output>
      Obligation: MessageTypeDefinition<_writ_v1_Obligation, _writ_v1_Obligation__Output>
      PutReferenceValuesRequest: MessageTypeDefinition<_writ_v1_PutReferenceValuesRequest, _writ_v1_PutReferenceValuesRequest__Output>
      PutReferenceValuesResponse: MessageTypeDefinition<_writ_v1_PutReferenceValuesResponse, _writ_v1_PutReferenceValuesResponse__Output>
      Reason: MessageTypeDefinition<_writ_v1_Reason, _writ_v1_Reason__Output>
      ReferenceValues: MessageTypeDefinition<_writ_v1_ReferenceValues, _writ_v1_ReferenceValues__Output>
      RegisterRuntimeRequest: MessageTypeDefinition<_writ_v1_RegisterRuntimeRequest, _writ_v1_RegisterRuntimeRequest__Output>
      RegisterRuntimeResponse: MessageTypeDefinition<_writ_v1_RegisterRuntimeResponse, _writ_v1_RegisterRuntimeResponse__Output>
      Runtime: MessageTypeDefinition<_writ_v1_Runtime, _writ_v1_Runtime__Output>
      RuntimeState: EnumTypeDefinition
      SetRuntimeStateRequest: MessageTypeDefinition<_writ_v1_SetRuntimeStateRequest, _writ_v1_SetRuntimeStateRequest__Output>
      SetRuntimeStateResponse: MessageTypeDefinition<_writ_v1_SetRuntimeStateResponse, _writ_v1_SetRuntimeStateResponse__Output>
      TrustTier: EnumTypeDefinition
      VerifierService: SubtypeConstructor<typeof grpc.Client, _writ_v1_VerifierServiceClient> & { service: _writ_v1_VerifierServiceDefinition }
      WatchDirectivesRequest: MessageTypeDefinition<_writ_v1_WatchDirectivesRequest, _writ_v1_WatchDirectivesRequest__Output>
      WatchDirectivesResponse: MessageTypeDefinition<_writ_v1_WatchDirectivesResponse, _writ_v1_WatchDirectivesResponse__Output>
    }
  }
}

