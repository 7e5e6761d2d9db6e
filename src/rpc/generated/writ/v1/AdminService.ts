// Original file: proto/writ/v1/admin.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateCallerKeyRequest as _writ_v1_CreateCallerKeyRequest, CreateCallerKeyRequest__Output as _writ_v1_CreateCallerKeyRequest__Output } from '../../writ/v1/CreateCallerKeyRequest.ts';
import type { CreateCallerKeyResponse as _writ_v1_CreateCallerKeyResponse, CreateCallerKeyResponse__Output as _writ_v1_CreateCallerKeyResponse__Output } from '../../writ/v1/CreateCallerKeyResponse.ts';
import type { ErasePayloadRequest as _writ_v1_ErasePayloadRequest, ErasePayloadRequest__Output as _writ_v1_ErasePayloadRequest__Output } from '../../writ/v1/ErasePayloadRequest.ts';
import type { ErasePayloadResponse as _writ_v1_ErasePayloadResponse, ErasePayloadResponse__Output as _writ_v1_ErasePayloadResponse__Output } from '../../writ/v1/ErasePayloadResponse.ts';
import type { GetServerInfoRequest as _writ_v1_GetServerInfoRequest, GetServerInfoRequest__Output as _writ_v1_GetServerInfoRequest__Output } from '../../writ/v1/GetServerInfoRequest.ts';
import type { GetServerInfoResponse as _writ_v1_GetServerInfoResponse, GetServerInfoResponse__Output as _writ_v1_GetServerInfoResponse__Output } from '../../writ/v1/GetServerInfoResponse.ts';
import type { GetSubjectRequest as _writ_v1_GetSubjectRequest, GetSubjectRequest__Output as _writ_v1_GetSubjectRequest__Output } from '../../writ/v1/GetSubjectRequest.ts';
import type { GetSubjectResponse as _writ_v1_GetSubjectResponse, GetSubjectResponse__Output as _writ_v1_GetSubjectResponse__Output } from '../../writ/v1/GetSubjectResponse.ts';
import type { KillSwitchRequest as _writ_v1_KillSwitchRequest, KillSwitchRequest__Output as _writ_v1_KillSwitchRequest__Output } from '../../writ/v1/KillSwitchRequest.ts';
import type { KillSwitchResponse as _writ_v1_KillSwitchResponse, KillSwitchResponse__Output as _writ_v1_KillSwitchResponse__Output } from '../../writ/v1/KillSwitchResponse.ts';
import type { ListBindingsRequest as _writ_v1_ListBindingsRequest, ListBindingsRequest__Output as _writ_v1_ListBindingsRequest__Output } from '../../writ/v1/ListBindingsRequest.ts';
import type { ListBindingsResponse as _writ_v1_ListBindingsResponse, ListBindingsResponse__Output as _writ_v1_ListBindingsResponse__Output } from '../../writ/v1/ListBindingsResponse.ts';
import type { ListCallerKeysRequest as _writ_v1_ListCallerKeysRequest, ListCallerKeysRequest__Output as _writ_v1_ListCallerKeysRequest__Output } from '../../writ/v1/ListCallerKeysRequest.ts';
import type { ListCallerKeysResponse as _writ_v1_ListCallerKeysResponse, ListCallerKeysResponse__Output as _writ_v1_ListCallerKeysResponse__Output } from '../../writ/v1/ListCallerKeysResponse.ts';
import type { ListSubjectsRequest as _writ_v1_ListSubjectsRequest, ListSubjectsRequest__Output as _writ_v1_ListSubjectsRequest__Output } from '../../writ/v1/ListSubjectsRequest.ts';
import type { ListSubjectsResponse as _writ_v1_ListSubjectsResponse, ListSubjectsResponse__Output as _writ_v1_ListSubjectsResponse__Output } from '../../writ/v1/ListSubjectsResponse.ts';
import type { PutBindingRequest as _writ_v1_PutBindingRequest, PutBindingRequest__Output as _writ_v1_PutBindingRequest__Output } from '../../writ/v1/PutBindingRequest.ts';
import type { PutBindingResponse as _writ_v1_PutBindingResponse, PutBindingResponse__Output as _writ_v1_PutBindingResponse__Output } from '../../writ/v1/PutBindingResponse.ts';
import type { RemoveBindingRequest as _writ_v1_RemoveBindingRequest, RemoveBindingRequest__Output as _writ_v1_RemoveBindingRequest__Output } from '../../writ/v1/RemoveBindingRequest.ts';
import type { RemoveBindingResponse as _writ_v1_RemoveBindingResponse, RemoveBindingResponse__Output as _writ_v1_RemoveBindingResponse__Output } from '../../writ/v1/RemoveBindingResponse.ts';
import type { RevokeCallerKeyRequest as _writ_v1_RevokeCallerKeyRequest, RevokeCallerKeyRequest__Output as _writ_v1_RevokeCallerKeyRequest__Output } from '../../writ/v1/RevokeCallerKeyRequest.ts';
import type { RevokeCallerKeyResponse as _writ_v1_RevokeCallerKeyResponse, RevokeCallerKeyResponse__Output as _writ_v1_RevokeCallerKeyResponse__Output } from '../../writ/v1/RevokeCallerKeyResponse.ts';
import type { RotateKeyRequest as _writ_v1_RotateKeyRequest, RotateKeyRequest__Output as _writ_v1_RotateKeyRequest__Output } from '../../writ/v1/RotateKeyRequest.ts';
import type { RotateKeyResponse as _writ_v1_RotateKeyResponse, RotateKeyResponse__Output as _writ_v1_RotateKeyResponse__Output } from '../../writ/v1/RotateKeyResponse.ts';
import type { SetSubjectStateRequest as _writ_v1_SetSubjectStateRequest, SetSubjectStateRequest__Output as _writ_v1_SetSubjectStateRequest__Output } from '../../writ/v1/SetSubjectStateRequest.ts';
import type { SetSubjectStateResponse as _writ_v1_SetSubjectStateResponse, SetSubjectStateResponse__Output as _writ_v1_SetSubjectStateResponse__Output } from '../../writ/v1/SetSubjectStateResponse.ts';

export interface AdminServiceClient extends grpc.Client {
  CreateCallerKey(argument: _writ_v1_CreateCallerKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateCallerKey(argument: _writ_v1_CreateCallerKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateCallerKey(argument: _writ_v1_CreateCallerKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  CreateCallerKey(argument: _writ_v1_CreateCallerKeyRequest, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  createCallerKey(argument: _writ_v1_CreateCallerKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  createCallerKey(argument: _writ_v1_CreateCallerKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  createCallerKey(argument: _writ_v1_CreateCallerKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  createCallerKey(argument: _writ_v1_CreateCallerKeyRequest, callback: grpc.requestCallback<_writ_v1_CreateCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  
  ErasePayload(argument: _writ_v1_ErasePayloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  ErasePayload(argument: _writ_v1_ErasePayloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  ErasePayload(argument: _writ_v1_ErasePayloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  ErasePayload(argument: _writ_v1_ErasePayloadRequest, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  erasePayload(argument: _writ_v1_ErasePayloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  erasePayload(argument: _writ_v1_ErasePayloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  erasePayload(argument: _writ_v1_ErasePayloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  erasePayload(argument: _writ_v1_ErasePayloadRequest, callback: grpc.requestCallback<_writ_v1_ErasePayloadResponse__Output>): grpc.ClientUnaryCall;
  
  GetServerInfo(argument: _writ_v1_GetServerInfoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  GetServerInfo(argument: _writ_v1_GetServerInfoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  GetServerInfo(argument: _writ_v1_GetServerInfoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  GetServerInfo(argument: _writ_v1_GetServerInfoRequest, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  getServerInfo(argument: _writ_v1_GetServerInfoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  getServerInfo(argument: _writ_v1_GetServerInfoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  getServerInfo(argument: _writ_v1_GetServerInfoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  getServerInfo(argument: _writ_v1_GetServerInfoRequest, callback: grpc.requestCallback<_writ_v1_GetServerInfoResponse__Output>): grpc.ClientUnaryCall;
  
  GetSubject(argument: _writ_v1_GetSubjectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  GetSubject(argument: _writ_v1_GetSubjectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  GetSubject(argument: _writ_v1_GetSubjectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  GetSubject(argument: _writ_v1_GetSubjectRequest, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  getSubject(argument: _writ_v1_GetSubjectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  getSubject(argument: _writ_v1_GetSubjectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  getSubject(argument: _writ_v1_GetSubjectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  getSubject(argument: _writ_v1_GetSubjectRequest, callback: grpc.requestCallback<_writ_v1_GetSubjectResponse__Output>): grpc.ClientUnaryCall;
  
  KillSwitch(argument: _writ_v1_KillSwitchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  KillSwitch(argument: _writ_v1_KillSwitchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  KillSwitch(argument: _writ_v1_KillSwitchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  KillSwitch(argument: _writ_v1_KillSwitchRequest, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  killSwitch(argument: _writ_v1_KillSwitchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  killSwitch(argument: _writ_v1_KillSwitchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  killSwitch(argument: _writ_v1_KillSwitchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  killSwitch(argument: _writ_v1_KillSwitchRequest, callback: grpc.requestCallback<_writ_v1_KillSwitchResponse__Output>): grpc.ClientUnaryCall;
  
  ListBindings(argument: _writ_v1_ListBindingsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  ListBindings(argument: _writ_v1_ListBindingsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  ListBindings(argument: _writ_v1_ListBindingsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  ListBindings(argument: _writ_v1_ListBindingsRequest, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  listBindings(argument: _writ_v1_ListBindingsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  listBindings(argument: _writ_v1_ListBindingsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  listBindings(argument: _writ_v1_ListBindingsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  listBindings(argument: _writ_v1_ListBindingsRequest, callback: grpc.requestCallback<_writ_v1_ListBindingsResponse__Output>): grpc.ClientUnaryCall;
  
  ListCallerKeys(argument: _writ_v1_ListCallerKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  ListCallerKeys(argument: _writ_v1_ListCallerKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  ListCallerKeys(argument: _writ_v1_ListCallerKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  ListCallerKeys(argument: _writ_v1_ListCallerKeysRequest, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  listCallerKeys(argument: _writ_v1_ListCallerKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  listCallerKeys(argument: _writ_v1_ListCallerKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  listCallerKeys(argument: _writ_v1_ListCallerKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  listCallerKeys(argument: _writ_v1_ListCallerKeysRequest, callback: grpc.requestCallback<_writ_v1_ListCallerKeysResponse__Output>): grpc.ClientUnaryCall;
  
  ListSubjects(argument: _writ_v1_ListSubjectsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  ListSubjects(argument: _writ_v1_ListSubjectsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  ListSubjects(argument: _writ_v1_ListSubjectsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  ListSubjects(argument: _writ_v1_ListSubjectsRequest, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  listSubjects(argument: _writ_v1_ListSubjectsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  listSubjects(argument: _writ_v1_ListSubjectsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  listSubjects(argument: _writ_v1_ListSubjectsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  listSubjects(argument: _writ_v1_ListSubjectsRequest, callback: grpc.requestCallback<_writ_v1_ListSubjectsResponse__Output>): grpc.ClientUnaryCall;
  
  PutBinding(argument: _writ_v1_PutBindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  PutBinding(argument: _writ_v1_PutBindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  PutBinding(argument: _writ_v1_PutBindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  PutBinding(argument: _writ_v1_PutBindingRequest, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  putBinding(argument: _writ_v1_PutBindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  putBinding(argument: _writ_v1_PutBindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  putBinding(argument: _writ_v1_PutBindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  putBinding(argument: _writ_v1_PutBindingRequest, callback: grpc.requestCallback<_writ_v1_PutBindingResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveBinding(argument: _writ_v1_RemoveBindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  RemoveBinding(argument: _writ_v1_RemoveBindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  RemoveBinding(argument: _writ_v1_RemoveBindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  RemoveBinding(argument: _writ_v1_RemoveBindingRequest, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  removeBinding(argument: _writ_v1_RemoveBindingRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  removeBinding(argument: _writ_v1_RemoveBindingRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  removeBinding(argument: _writ_v1_RemoveBindingRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  removeBinding(argument: _writ_v1_RemoveBindingRequest, callback: grpc.requestCallback<_writ_v1_RemoveBindingResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeCallerKey(argument: _writ_v1_RevokeCallerKeyRequest, callback: grpc.requestCallback<_writ_v1_RevokeCallerKeyResponse__Output>): grpc.ClientUnaryCall;
  
  RotateKey(argument: _writ_v1_RotateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _writ_v1_RotateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _writ_v1_RotateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _writ_v1_RotateKeyRequest, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _writ_v1_RotateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _writ_v1_RotateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _writ_v1_RotateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _writ_v1_RotateKeyRequest, callback: grpc.requestCallback<_writ_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  
  SetSubjectState(argument: _writ_v1_SetSubjectStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  SetSubjectState(argument: _writ_v1_SetSubjectStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  SetSubjectState(argument: _writ_v1_SetSubjectStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  SetSubjectState(argument: _writ_v1_SetSubjectStateRequest, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  setSubjectState(argument: _writ_v1_SetSubjectStateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  setSubjectState(argument: _writ_v1_SetSubjectStateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  setSubjectState(argument: _writ_v1_SetSubjectStateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  setSubjectState(argument: _writ_v1_SetSubjectStateRequest, callback: grpc.requestCallback<_writ_v1_SetSubjectStateResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface AdminServiceHandlers extends grpc.UntypedServiceImplementation {
  CreateCallerKey: grpc.handleUnaryCall<_writ_v1_CreateCallerKeyRequest__Output, _writ_v1_CreateCallerKeyResponse>;
  
  ErasePayload: grpc.handleUnaryCall<_writ_v1_ErasePayloadRequest__Output, _writ_v1_ErasePayloadResponse>;
  
  GetServerInfo: grpc.handleUnaryCall<_writ_v1_GetServerInfoRequest__Output, _writ_v1_GetServerInfoResponse>;
  
  GetSubject: grpc.handleUnaryCall<_writ_v1_GetSubjectRequest__Output, _writ_v1_GetSubjectResponse>;
  
  KillSwitch: grpc.handleUnaryCall<_writ_v1_KillSwitchRequest__Output, _writ_v1_KillSwitchResponse>;
  
  ListBindings: grpc.handleUnaryCall<_writ_v1_ListBindingsRequest__Output, _writ_v1_ListBindingsResponse>;
  
  ListCallerKeys: grpc.handleUnaryCall<_writ_v1_ListCallerKeysRequest__Output, _writ_v1_ListCallerKeysResponse>;
  
  ListSubjects: grpc.handleUnaryCall<_writ_v1_ListSubjectsRequest__Output, _writ_v1_ListSubjectsResponse>;
  
  PutBinding: grpc.handleUnaryCall<_writ_v1_PutBindingRequest__Output, _writ_v1_PutBindingResponse>;
  
  RemoveBinding: grpc.handleUnaryCall<_writ_v1_RemoveBindingRequest__Output, _writ_v1_RemoveBindingResponse>;
  
  RevokeCallerKey: grpc.handleUnaryCall<_writ_v1_RevokeCallerKeyRequest__Output, _writ_v1_RevokeCallerKeyResponse>;
  
  RotateKey: grpc.handleUnaryCall<_writ_v1_RotateKeyRequest__Output, _writ_v1_RotateKeyResponse>;
  
  SetSubjectState: grpc.handleUnaryCall<_writ_v1_SetSubjectStateRequest__Output, _writ_v1_SetSubjectStateResponse>;
  
}

export interface AdminServiceDefinition extends grpc.ServiceDefinition {
  CreateCallerKey: MethodDefinition<_writ_v1_CreateCallerKeyRequest, _writ_v1_CreateCallerKeyResponse, _writ_v1_CreateCallerKeyRequest__Output, _writ_v1_CreateCallerKeyResponse__Output>
  ErasePayload: MethodDefinition<_writ_v1_ErasePayloadRequest, _writ_v1_ErasePayloadResponse, _writ_v1_ErasePayloadRequest__Output, _writ_v1_ErasePayloadResponse__Output>
  GetServerInfo: MethodDefinition<_writ_v1_GetServerInfoRequest, _writ_v1_GetServerInfoResponse, _writ_v1_GetServerInfoRequest__Output, _writ_v1_GetServerInfoResponse__Output>
  GetSubject: MethodDefinition<_writ_v1_GetSubjectRequest, _writ_v1_GetSubjectResponse, _writ_v1_GetSubjectRequest__Output, _writ_v1_GetSubjectResponse__Output>
  KillSwitch: MethodDefinition<_writ_v1_KillSwitchRequest, _writ_v1_KillSwitchResponse, _writ_v1_KillSwitchRequest__Output, _writ_v1_KillSwitchResponse__Output>
  ListBindings: MethodDefinition<_writ_v1_ListBindingsRequest, _writ_v1_ListBindingsResponse, _writ_v1_ListBindingsRequest__Output, _writ_v1_ListBindingsResponse__Output>
  ListCallerKeys: MethodDefinition<_writ_v1_ListCallerKeysRequest, _writ_v1_ListCallerKeysResponse, _writ_v1_ListCallerKeysRequest__Output, _writ_v1_ListCallerKeysResponse__Output>
  ListSubjects: MethodDefinition<_writ_v1_ListSubjectsRequest, _writ_v1_ListSubjectsResponse, _writ_v1_ListSubjectsRequest__Output, _writ_v1_ListSubjectsResponse__Output>
  PutBinding: MethodDefinition<_writ_v1_PutBindingRequest, _writ_v1_PutBindingResponse, _writ_v1_PutBindingRequest__Output, _writ_v1_PutBindingResponse__Output>
  RemoveBinding: MethodDefinition<_writ_v1_RemoveBindingRequest, _writ_v1_RemoveBindingResponse, _writ_v1_RemoveBindingRequest__Output, _writ_v1_RemoveBindingResponse__Output>
  RevokeCallerKey: MethodDefinition<_writ_v1_RevokeCallerKeyRequest, _writ_v1_RevokeCallerKeyResponse, _writ_v1_RevokeCallerKeyRequest__Output, _writ_v1_RevokeCallerKeyResponse__Output>
  RotateKey: MethodDefinition<_writ_v1_RotateKeyRequest, _writ_v1_RotateKeyResponse, _writ_v1_RotateKeyRequest__Output, _writ_v1_RotateKeyResponse__Output>
  SetSubjectState: MethodDefinition<_writ_v1_SetSubjectStateRequest, _writ_v1_SetSubjectStateResponse, _writ_v1_SetSubjectStateRequest__Output, _writ_v1_SetSubjectStateResponse__Output>
}
