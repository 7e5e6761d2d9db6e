// Original file: proto/writ/v1/policy.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ActivateBundleRequest as _writ_v1_ActivateBundleRequest, ActivateBundleRequest__Output as _writ_v1_ActivateBundleRequest__Output } from '../../writ/v1/ActivateBundleRequest.ts';
import type { ActivateBundleResponse as _writ_v1_ActivateBundleResponse, ActivateBundleResponse__Output as _writ_v1_ActivateBundleResponse__Output } from '../../writ/v1/ActivateBundleResponse.ts';
import type { DecideActivationRequest as _writ_v1_DecideActivationRequest, DecideActivationRequest__Output as _writ_v1_DecideActivationRequest__Output } from '../../writ/v1/DecideActivationRequest.ts';
import type { DecideActivationResponse as _writ_v1_DecideActivationResponse, DecideActivationResponse__Output as _writ_v1_DecideActivationResponse__Output } from '../../writ/v1/DecideActivationResponse.ts';
import type { GetBudgetRequest as _writ_v1_GetBudgetRequest, GetBudgetRequest__Output as _writ_v1_GetBudgetRequest__Output } from '../../writ/v1/GetBudgetRequest.ts';
import type { GetBudgetResponse as _writ_v1_GetBudgetResponse, GetBudgetResponse__Output as _writ_v1_GetBudgetResponse__Output } from '../../writ/v1/GetBudgetResponse.ts';
import type { GetBundleRequest as _writ_v1_GetBundleRequest, GetBundleRequest__Output as _writ_v1_GetBundleRequest__Output } from '../../writ/v1/GetBundleRequest.ts';
import type { GetBundleResponse as _writ_v1_GetBundleResponse, GetBundleResponse__Output as _writ_v1_GetBundleResponse__Output } from '../../writ/v1/GetBundleResponse.ts';
import type { GetShadowRequest as _writ_v1_GetShadowRequest, GetShadowRequest__Output as _writ_v1_GetShadowRequest__Output } from '../../writ/v1/GetShadowRequest.ts';
import type { GetShadowResponse as _writ_v1_GetShadowResponse, GetShadowResponse__Output as _writ_v1_GetShadowResponse__Output } from '../../writ/v1/GetShadowResponse.ts';
import type { ListBudgetsRequest as _writ_v1_ListBudgetsRequest, ListBudgetsRequest__Output as _writ_v1_ListBudgetsRequest__Output } from '../../writ/v1/ListBudgetsRequest.ts';
import type { ListBudgetsResponse as _writ_v1_ListBudgetsResponse, ListBudgetsResponse__Output as _writ_v1_ListBudgetsResponse__Output } from '../../writ/v1/ListBudgetsResponse.ts';
import type { ListBundlesRequest as _writ_v1_ListBundlesRequest, ListBundlesRequest__Output as _writ_v1_ListBundlesRequest__Output } from '../../writ/v1/ListBundlesRequest.ts';
import type { ListBundlesResponse as _writ_v1_ListBundlesResponse, ListBundlesResponse__Output as _writ_v1_ListBundlesResponse__Output } from '../../writ/v1/ListBundlesResponse.ts';
import type { PublishBundleRequest as _writ_v1_PublishBundleRequest, PublishBundleRequest__Output as _writ_v1_PublishBundleRequest__Output } from '../../writ/v1/PublishBundleRequest.ts';
import type { PublishBundleResponse as _writ_v1_PublishBundleResponse, PublishBundleResponse__Output as _writ_v1_PublishBundleResponse__Output } from '../../writ/v1/PublishBundleResponse.ts';
import type { ReplayDecisionsRequest as _writ_v1_ReplayDecisionsRequest, ReplayDecisionsRequest__Output as _writ_v1_ReplayDecisionsRequest__Output } from '../../writ/v1/ReplayDecisionsRequest.ts';
import type { ReplayDecisionsResponse as _writ_v1_ReplayDecisionsResponse, ReplayDecisionsResponse__Output as _writ_v1_ReplayDecisionsResponse__Output } from '../../writ/v1/ReplayDecisionsResponse.ts';
import type { SetShadowBundleRequest as _writ_v1_SetShadowBundleRequest, SetShadowBundleRequest__Output as _writ_v1_SetShadowBundleRequest__Output } from '../../writ/v1/SetShadowBundleRequest.ts';
import type { SetShadowBundleResponse as _writ_v1_SetShadowBundleResponse, SetShadowBundleResponse__Output as _writ_v1_SetShadowBundleResponse__Output } from '../../writ/v1/SetShadowBundleResponse.ts';
import type { TestBundleRequest as _writ_v1_TestBundleRequest, TestBundleRequest__Output as _writ_v1_TestBundleRequest__Output } from '../../writ/v1/TestBundleRequest.ts';
import type { TestBundleResponse as _writ_v1_TestBundleResponse, TestBundleResponse__Output as _writ_v1_TestBundleResponse__Output } from '../../writ/v1/TestBundleResponse.ts';
import type { ValidateBundleRequest as _writ_v1_ValidateBundleRequest, ValidateBundleRequest__Output as _writ_v1_ValidateBundleRequest__Output } from '../../writ/v1/ValidateBundleRequest.ts';
import type { ValidateBundleResponse as _writ_v1_ValidateBundleResponse, ValidateBundleResponse__Output as _writ_v1_ValidateBundleResponse__Output } from '../../writ/v1/ValidateBundleResponse.ts';

export interface PolicyServiceClient extends grpc.Client {
  ActivateBundle(argument: _writ_v1_ActivateBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  ActivateBundle(argument: _writ_v1_ActivateBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  ActivateBundle(argument: _writ_v1_ActivateBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  ActivateBundle(argument: _writ_v1_ActivateBundleRequest, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  activateBundle(argument: _writ_v1_ActivateBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  activateBundle(argument: _writ_v1_ActivateBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  activateBundle(argument: _writ_v1_ActivateBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  activateBundle(argument: _writ_v1_ActivateBundleRequest, callback: grpc.requestCallback<_writ_v1_ActivateBundleResponse__Output>): grpc.ClientUnaryCall;
  
  DecideActivation(argument: _writ_v1_DecideActivationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  DecideActivation(argument: _writ_v1_DecideActivationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  DecideActivation(argument: _writ_v1_DecideActivationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  DecideActivation(argument: _writ_v1_DecideActivationRequest, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  decideActivation(argument: _writ_v1_DecideActivationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  decideActivation(argument: _writ_v1_DecideActivationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  decideActivation(argument: _writ_v1_DecideActivationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  decideActivation(argument: _writ_v1_DecideActivationRequest, callback: grpc.requestCallback<_writ_v1_DecideActivationResponse__Output>): grpc.ClientUnaryCall;
  
  GetBudget(argument: _writ_v1_GetBudgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  GetBudget(argument: _writ_v1_GetBudgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  GetBudget(argument: _writ_v1_GetBudgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  GetBudget(argument: _writ_v1_GetBudgetRequest, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  getBudget(argument: _writ_v1_GetBudgetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  getBudget(argument: _writ_v1_GetBudgetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  getBudget(argument: _writ_v1_GetBudgetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  getBudget(argument: _writ_v1_GetBudgetRequest, callback: grpc.requestCallback<_writ_v1_GetBudgetResponse__Output>): grpc.ClientUnaryCall;
  
  GetBundle(argument: _writ_v1_GetBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  GetBundle(argument: _writ_v1_GetBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  GetBundle(argument: _writ_v1_GetBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  GetBundle(argument: _writ_v1_GetBundleRequest, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  getBundle(argument: _writ_v1_GetBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  getBundle(argument: _writ_v1_GetBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  getBundle(argument: _writ_v1_GetBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  getBundle(argument: _writ_v1_GetBundleRequest, callback: grpc.requestCallback<_writ_v1_GetBundleResponse__Output>): grpc.ClientUnaryCall;
  
  GetShadow(argument: _writ_v1_GetShadowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  GetShadow(argument: _writ_v1_GetShadowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  GetShadow(argument: _writ_v1_GetShadowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  GetShadow(argument: _writ_v1_GetShadowRequest, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  getShadow(argument: _writ_v1_GetShadowRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  getShadow(argument: _writ_v1_GetShadowRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  getShadow(argument: _writ_v1_GetShadowRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  getShadow(argument: _writ_v1_GetShadowRequest, callback: grpc.requestCallback<_writ_v1_GetShadowResponse__Output>): grpc.ClientUnaryCall;
  
  ListBudgets(argument: _writ_v1_ListBudgetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  ListBudgets(argument: _writ_v1_ListBudgetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  ListBudgets(argument: _writ_v1_ListBudgetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  ListBudgets(argument: _writ_v1_ListBudgetsRequest, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  listBudgets(argument: _writ_v1_ListBudgetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  listBudgets(argument: _writ_v1_ListBudgetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  listBudgets(argument: _writ_v1_ListBudgetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  listBudgets(argument: _writ_v1_ListBudgetsRequest, callback: grpc.requestCallback<_writ_v1_ListBudgetsResponse__Output>): grpc.ClientUnaryCall;
  
  ListBundles(argument: _writ_v1_ListBundlesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  ListBundles(argument: _writ_v1_ListBundlesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  ListBundles(argument: _writ_v1_ListBundlesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  ListBundles(argument: _writ_v1_ListBundlesRequest, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  listBundles(argument: _writ_v1_ListBundlesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  listBundles(argument: _writ_v1_ListBundlesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  listBundles(argument: _writ_v1_ListBundlesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  listBundles(argument: _writ_v1_ListBundlesRequest, callback: grpc.requestCallback<_writ_v1_ListBundlesResponse__Output>): grpc.ClientUnaryCall;
  
  PublishBundle(argument: _writ_v1_PublishBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  PublishBundle(argument: _writ_v1_PublishBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  PublishBundle(argument: _writ_v1_PublishBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  PublishBundle(argument: _writ_v1_PublishBundleRequest, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  publishBundle(argument: _writ_v1_PublishBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  publishBundle(argument: _writ_v1_PublishBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  publishBundle(argument: _writ_v1_PublishBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  publishBundle(argument: _writ_v1_PublishBundleRequest, callback: grpc.requestCallback<_writ_v1_PublishBundleResponse__Output>): grpc.ClientUnaryCall;
  
  ReplayDecisions(argument: _writ_v1_ReplayDecisionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_ReplayDecisionsResponse__Output>;
  ReplayDecisions(argument: _writ_v1_ReplayDecisionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_ReplayDecisionsResponse__Output>;
  replayDecisions(argument: _writ_v1_ReplayDecisionsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_ReplayDecisionsResponse__Output>;
  replayDecisions(argument: _writ_v1_ReplayDecisionsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_writ_v1_ReplayDecisionsResponse__Output>;
  
  SetShadowBundle(argument: _writ_v1_SetShadowBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  SetShadowBundle(argument: _writ_v1_SetShadowBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  SetShadowBundle(argument: _writ_v1_SetShadowBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  SetShadowBundle(argument: _writ_v1_SetShadowBundleRequest, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  setShadowBundle(argument: _writ_v1_SetShadowBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  setShadowBundle(argument: _writ_v1_SetShadowBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  setShadowBundle(argument: _writ_v1_SetShadowBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  setShadowBundle(argument: _writ_v1_SetShadowBundleRequest, callback: grpc.requestCallback<_writ_v1_SetShadowBundleResponse__Output>): grpc.ClientUnaryCall;
  
  TestBundle(argument: _writ_v1_TestBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  TestBundle(argument: _writ_v1_TestBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  TestBundle(argument: _writ_v1_TestBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  TestBundle(argument: _writ_v1_TestBundleRequest, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  testBundle(argument: _writ_v1_TestBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  testBundle(argument: _writ_v1_TestBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  testBundle(argument: _writ_v1_TestBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  testBundle(argument: _writ_v1_TestBundleRequest, callback: grpc.requestCallback<_writ_v1_TestBundleResponse__Output>): grpc.ClientUnaryCall;
  
  ValidateBundle(argument: _writ_v1_ValidateBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  ValidateBundle(argument: _writ_v1_ValidateBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  ValidateBundle(argument: _writ_v1_ValidateBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  ValidateBundle(argument: _writ_v1_ValidateBundleRequest, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  validateBundle(argument: _writ_v1_ValidateBundleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  validateBundle(argument: _writ_v1_ValidateBundleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  validateBundle(argument: _writ_v1_ValidateBundleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  validateBundle(argument: _writ_v1_ValidateBundleRequest, callback: grpc.requestCallback<_writ_v1_ValidateBundleResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface PolicyServiceHandlers extends grpc.UntypedServiceImplementation {
  ActivateBundle: grpc.handleUnaryCall<_writ_v1_ActivateBundleRequest__Output, _writ_v1_ActivateBundleResponse>;
  
  DecideActivation: grpc.handleUnaryCall<_writ_v1_DecideActivationRequest__Output, _writ_v1_DecideActivationResponse>;
  
  GetBudget: grpc.handleUnaryCall<_writ_v1_GetBudgetRequest__Output, _writ_v1_GetBudgetResponse>;
  
  GetBundle: grpc.handleUnaryCall<_writ_v1_GetBundleRequest__Output, _writ_v1_GetBundleResponse>;
  
  GetShadow: grpc.handleUnaryCall<_writ_v1_GetShadowRequest__Output, _writ_v1_GetShadowResponse>;
  
  ListBudgets: grpc.handleUnaryCall<_writ_v1_ListBudgetsRequest__Output, _writ_v1_ListBudgetsResponse>;
  
  ListBundles: grpc.handleUnaryCall<_writ_v1_ListBundlesRequest__Output, _writ_v1_ListBundlesResponse>;
  
  PublishBundle: grpc.handleUnaryCall<_writ_v1_PublishBundleRequest__Output, _writ_v1_PublishBundleResponse>;
  
  ReplayDecisions: grpc.handleServerStreamingCall<_writ_v1_ReplayDecisionsRequest__Output, _writ_v1_ReplayDecisionsResponse>;
  
  SetShadowBundle: grpc.handleUnaryCall<_writ_v1_SetShadowBundleRequest__Output, _writ_v1_SetShadowBundleResponse>;
  
  TestBundle: grpc.handleUnaryCall<_writ_v1_TestBundleRequest__Output, _writ_v1_TestBundleResponse>;
  
  ValidateBundle: grpc.handleUnaryCall<_writ_v1_ValidateBundleRequest__Output, _writ_v1_ValidateBundleResponse>;
  
}

export interface PolicyServiceDefinition extends grpc.ServiceDefinition {
  ActivateBundle: MethodDefinition<_writ_v1_ActivateBundleRequest, _writ_v1_ActivateBundleResponse, _writ_v1_ActivateBundleRequest__Output, _writ_v1_ActivateBundleResponse__Output>
  DecideActivation: MethodDefinition<_writ_v1_DecideActivationRequest, _writ_v1_DecideActivationResponse, _writ_v1_DecideActivationRequest__Output, _writ_v1_DecideActivationResponse__Output>
  GetBudget: MethodDefinition<_writ_v1_GetBudgetRequest, _writ_v1_GetBudgetResponse, _writ_v1_GetBudgetRequest__Output, _writ_v1_GetBudgetResponse__Output>
  GetBundle: MethodDefinition<_writ_v1_GetBundleRequest, _writ_v1_GetBundleResponse, _writ_v1_GetBundleRequest__Output, _writ_v1_GetBundleResponse__Output>
  GetShadow: MethodDefinition<_writ_v1_GetShadowRequest, _writ_v1_GetShadowResponse, _writ_v1_GetShadowRequest__Output, _writ_v1_GetShadowResponse__Output>
  ListBudgets: MethodDefinition<_writ_v1_ListBudgetsRequest, _writ_v1_ListBudgetsResponse, _writ_v1_ListBudgetsRequest__Output, _writ_v1_ListBudgetsResponse__Output>
  ListBundles: MethodDefinition<_writ_v1_ListBundlesRequest, _writ_v1_ListBundlesResponse, _writ_v1_ListBundlesRequest__Output, _writ_v1_ListBundlesResponse__Output>
  PublishBundle: MethodDefinition<_writ_v1_PublishBundleRequest, _writ_v1_PublishBundleResponse, _writ_v1_PublishBundleRequest__Output, _writ_v1_PublishBundleResponse__Output>
  ReplayDecisions: MethodDefinition<_writ_v1_ReplayDecisionsRequest, _writ_v1_ReplayDecisionsResponse, _writ_v1_ReplayDecisionsRequest__Output, _writ_v1_ReplayDecisionsResponse__Output>
  SetShadowBundle: MethodDefinition<_writ_v1_SetShadowBundleRequest, _writ_v1_SetShadowBundleResponse, _writ_v1_SetShadowBundleRequest__Output, _writ_v1_SetShadowBundleResponse__Output>
  TestBundle: MethodDefinition<_writ_v1_TestBundleRequest, _writ_v1_TestBundleResponse, _writ_v1_TestBundleRequest__Output, _writ_v1_TestBundleResponse__Output>
  ValidateBundle: MethodDefinition<_writ_v1_ValidateBundleRequest, _writ_v1_ValidateBundleResponse, _writ_v1_ValidateBundleRequest__Output, _writ_v1_ValidateBundleResponse__Output>
}
