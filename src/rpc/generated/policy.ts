import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.ts';
import type { ListValue as _google_protobuf_ListValue, ListValue__Output as _google_protobuf_ListValue__Output } from './google/protobuf/ListValue.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from './google/protobuf/Struct.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { Value as _google_protobuf_Value, Value__Output as _google_protobuf_Value__Output } from './google/protobuf/Value.ts';
import type { Action as _writ_v1_Action, Action__Output as _writ_v1_Action__Output } from './writ/v1/Action.ts';
import type { ActivateBundleRequest as _writ_v1_ActivateBundleRequest, ActivateBundleRequest__Output as _writ_v1_ActivateBundleRequest__Output } from './writ/v1/ActivateBundleRequest.ts';
import type { ActivateBundleResponse as _writ_v1_ActivateBundleResponse, ActivateBundleResponse__Output as _writ_v1_ActivateBundleResponse__Output } from './writ/v1/ActivateBundleResponse.ts';
import type { Budget as _writ_v1_Budget, Budget__Output as _writ_v1_Budget__Output } from './writ/v1/Budget.ts';
import type { Bundle as _writ_v1_Bundle, Bundle__Output as _writ_v1_Bundle__Output } from './writ/v1/Bundle.ts';
import type { BundleFile as _writ_v1_BundleFile, BundleFile__Output as _writ_v1_BundleFile__Output } from './writ/v1/BundleFile.ts';
import type { BundleFiles as _writ_v1_BundleFiles, BundleFiles__Output as _writ_v1_BundleFiles__Output } from './writ/v1/BundleFiles.ts';
import type { BundleProblem as _writ_v1_BundleProblem, BundleProblem__Output as _writ_v1_BundleProblem__Output } from './writ/v1/BundleProblem.ts';
import type { BundleReplica as _writ_v1_BundleReplica, BundleReplica__Output as _writ_v1_BundleReplica__Output } from './writ/v1/BundleReplica.ts';
import type { BundleTestResult as _writ_v1_BundleTestResult, BundleTestResult__Output as _writ_v1_BundleTestResult__Output } from './writ/v1/BundleTestResult.ts';
import type { Check as _writ_v1_Check, Check__Output as _writ_v1_Check__Output } from './writ/v1/Check.ts';
import type { DecideActivationRequest as _writ_v1_DecideActivationRequest, DecideActivationRequest__Output as _writ_v1_DecideActivationRequest__Output } from './writ/v1/DecideActivationRequest.ts';
import type { DecideActivationResponse as _writ_v1_DecideActivationResponse, DecideActivationResponse__Output as _writ_v1_DecideActivationResponse__Output } from './writ/v1/DecideActivationResponse.ts';
import type { Entity as _writ_v1_Entity, Entity__Output as _writ_v1_Entity__Output } from './writ/v1/Entity.ts';
import type { GetBudgetRequest as _writ_v1_GetBudgetRequest, GetBudgetRequest__Output as _writ_v1_GetBudgetRequest__Output } from './writ/v1/GetBudgetRequest.ts';
import type { GetBudgetResponse as _writ_v1_GetBudgetResponse, GetBudgetResponse__Output as _writ_v1_GetBudgetResponse__Output } from './writ/v1/GetBudgetResponse.ts';
import type { GetBundleRequest as _writ_v1_GetBundleRequest, GetBundleRequest__Output as _writ_v1_GetBundleRequest__Output } from './writ/v1/GetBundleRequest.ts';
import type { GetBundleResponse as _writ_v1_GetBundleResponse, GetBundleResponse__Output as _writ_v1_GetBundleResponse__Output } from './writ/v1/GetBundleResponse.ts';
import type { GetShadowRequest as _writ_v1_GetShadowRequest, GetShadowRequest__Output as _writ_v1_GetShadowRequest__Output } from './writ/v1/GetShadowRequest.ts';
import type { GetShadowResponse as _writ_v1_GetShadowResponse, GetShadowResponse__Output as _writ_v1_GetShadowResponse__Output } from './writ/v1/GetShadowResponse.ts';
import type { LedgerReceipt as _writ_v1_LedgerReceipt, LedgerReceipt__Output as _writ_v1_LedgerReceipt__Output } from './writ/v1/LedgerReceipt.ts';
import type { ListBudgetsRequest as _writ_v1_ListBudgetsRequest, ListBudgetsRequest__Output as _writ_v1_ListBudgetsRequest__Output } from './writ/v1/ListBudgetsRequest.ts';
import type { ListBudgetsResponse as _writ_v1_ListBudgetsResponse, ListBudgetsResponse__Output as _writ_v1_ListBudgetsResponse__Output } from './writ/v1/ListBudgetsResponse.ts';
import type { ListBundlesRequest as _writ_v1_ListBundlesRequest, ListBundlesRequest__Output as _writ_v1_ListBundlesRequest__Output } from './writ/v1/ListBundlesRequest.ts';
import type { ListBundlesResponse as _writ_v1_ListBundlesResponse, ListBundlesResponse__Output as _writ_v1_ListBundlesResponse__Output } from './writ/v1/ListBundlesResponse.ts';
import type { Obligation as _writ_v1_Obligation, Obligation__Output as _writ_v1_Obligation__Output } from './writ/v1/Obligation.ts';
import type { PendingActivation as _writ_v1_PendingActivation, PendingActivation__Output as _writ_v1_PendingActivation__Output } from './writ/v1/PendingActivation.ts';
import type { PolicyServiceClient as _writ_v1_PolicyServiceClient, PolicyServiceDefinition as _writ_v1_PolicyServiceDefinition } from './writ/v1/PolicyService.ts';
import type { PublishBundleRequest as _writ_v1_PublishBundleRequest, PublishBundleRequest__Output as _writ_v1_PublishBundleRequest__Output } from './writ/v1/PublishBundleRequest.ts';
import type { PublishBundleResponse as _writ_v1_PublishBundleResponse, PublishBundleResponse__Output as _writ_v1_PublishBundleResponse__Output } from './writ/v1/PublishBundleResponse.ts';
import type { Reason as _writ_v1_Reason, Reason__Output as _writ_v1_Reason__Output } from './writ/v1/Reason.ts';
import type { ReplayDecisionsRequest as _writ_v1_ReplayDecisionsRequest, ReplayDecisionsRequest__Output as _writ_v1_ReplayDecisionsRequest__Output } from './writ/v1/ReplayDecisionsRequest.ts';
import type { ReplayDecisionsResponse as _writ_v1_ReplayDecisionsResponse, ReplayDecisionsResponse__Output as _writ_v1_ReplayDecisionsResponse__Output } from './writ/v1/ReplayDecisionsResponse.ts';
import type { ReplaySummary as _writ_v1_ReplaySummary, ReplaySummary__Output as _writ_v1_ReplaySummary__Output } from './writ/v1/ReplaySummary.ts';
import type { ReplayedDecision as _writ_v1_ReplayedDecision, ReplayedDecision__Output as _writ_v1_ReplayedDecision__Output } from './writ/v1/ReplayedDecision.ts';
import type { RuleChange as _writ_v1_RuleChange, RuleChange__Output as _writ_v1_RuleChange__Output } from './writ/v1/RuleChange.ts';
import type { SecondOpinion as _writ_v1_SecondOpinion, SecondOpinion__Output as _writ_v1_SecondOpinion__Output } from './writ/v1/SecondOpinion.ts';
import type { SetShadowBundleRequest as _writ_v1_SetShadowBundleRequest, SetShadowBundleRequest__Output as _writ_v1_SetShadowBundleRequest__Output } from './writ/v1/SetShadowBundleRequest.ts';
import type { SetShadowBundleResponse as _writ_v1_SetShadowBundleResponse, SetShadowBundleResponse__Output as _writ_v1_SetShadowBundleResponse__Output } from './writ/v1/SetShadowBundleResponse.ts';
import type { ShadowChange as _writ_v1_ShadowChange, ShadowChange__Output as _writ_v1_ShadowChange__Output } from './writ/v1/ShadowChange.ts';
import type { ShadowCounts as _writ_v1_ShadowCounts, ShadowCounts__Output as _writ_v1_ShadowCounts__Output } from './writ/v1/ShadowCounts.ts';
import type { ShadowReplica as _writ_v1_ShadowReplica, ShadowReplica__Output as _writ_v1_ShadowReplica__Output } from './writ/v1/ShadowReplica.ts';
import type { TestBundleRequest as _writ_v1_TestBundleRequest, TestBundleRequest__Output as _writ_v1_TestBundleRequest__Output } from './writ/v1/TestBundleRequest.ts';
import type { TestBundleResponse as _writ_v1_TestBundleResponse, TestBundleResponse__Output as _writ_v1_TestBundleResponse__Output } from './writ/v1/TestBundleResponse.ts';
import type { ValidateBundleRequest as _writ_v1_ValidateBundleRequest, ValidateBundleRequest__Output as _writ_v1_ValidateBundleRequest__Output } from './writ/v1/ValidateBundleRequest.ts';
import type { ValidateBundleResponse as _writ_v1_ValidateBundleResponse, ValidateBundleResponse__Output as _writ_v1_ValidateBundleResponse__Output } from './writ/v1/ValidateBundleResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
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
      ActivateBundleRequest: MessageTypeDefinition<_writ_v1_ActivateBundleRequest, _writ_v1_ActivateBundleRequest__Output>
      ActivateBundleResponse: MessageTypeDefinition<_writ_v1_ActivateBundleResponse, _writ_v1_ActivateBundleResponse__Output>
      Budget: MessageTypeDefinition<_writ_v1_Budget, _writ_v1_Budget__Output>
      Bundle: MessageTypeDefinition<_writ_v1_Bundle, _writ_v1_Bundle__Output>
      BundleFile: MessageTypeDefinition<_writ_v1_BundleFile, _writ_v1_BundleFile__Output>
      BundleFiles: MessageTypeDefinition<_writ_v1_BundleFiles, _writ_v1_BundleFiles__Output>
      BundleProblem: MessageTypeDefinition<_writ_v1_BundleProblem, _writ_v1_BundleProblem__Output>
      BundleReplica: MessageTypeDefinition<_writ_v1_BundleReplica, _writ_v1_BundleReplica__Output>
      BundleTestResult: MessageTypeDefinition<_writ_v1_BundleTestResult, _writ_v1_BundleTestResult__Output>
      Check: MessageTypeDefinition<_writ_v1_Check, _writ_v1_Check__Output>
      CheckStatus: EnumTypeDefinition
      DecideActivationRequest: MessageTypeDefinition<_writ_v1_DecideActivationRequest, _writ_v1_DecideActivationRequest__Output>
      DecideActivationResponse: MessageTypeDefinition<_writ_v1_DecideActivationResponse, _writ_v1_DecideActivationResponse__Output>
      Decision: EnumTypeDefinition
      Entity: MessageTypeDefinition<_writ_v1_Entity, _writ_v1_Entity__Output>
      ExecutionState: EnumTypeDefinition
      GetBudgetRequest: MessageTypeDefinition<_writ_v1_GetBudgetRequest, _writ_v1_GetBudgetRequest__Output>
      GetBudgetResponse: MessageTypeDefinition<_writ_v1_GetBudgetResponse, _writ_v1_GetBudgetResponse__Output>
      GetBundleRequest: MessageTypeDefinition<_writ_v1_GetBundleRequest, _writ_v1_GetBundleRequest__Output>
      GetBundleResponse: MessageTypeDefinition<_writ_v1_GetBundleResponse, _writ_v1_GetBundleResponse__Output>
      GetShadowRequest: MessageTypeDefinition<_writ_v1_GetShadowRequest, _writ_v1_GetShadowRequest__Output>
      GetShadowResponse: MessageTypeDefinition<_writ_v1_GetShadowResponse, _writ_v1_GetShadowResponse__Output>
      LedgerReceipt: MessageTypeDefinition<_writ_v1_LedgerReceipt, _writ_v1_LedgerReceipt__Output>
      ListBudgetsRequest: MessageTypeDefinition<_writ_v1_ListBudgetsRequest, _writ_v1_ListBudgetsRequest__Output>
      ListBudgetsResponse: MessageTypeDefinition<_writ_v1_ListBudgetsResponse, _writ_v1_ListBudgetsResponse__Output>
      ListBundlesRequest: MessageTypeDefinition<_writ_v1_ListBundlesRequest, _writ_v1_ListBundlesRequest__Output>
      ListBundlesResponse: MessageTypeDefinition<_writ_v1_ListBundlesResponse, _writ_v1_ListBundlesResponse__Output>
      Obligation: MessageTypeDefinition<_writ_v1_Obligation, _writ_v1_Obligation__Output>
      PendingActivation: MessageTypeDefinition<_writ_v1_PendingActivation, _writ_v1_PendingActivation__Output>
      PolicyService: SubtypeConstructor<typeof grpc.Client, _writ_v1_PolicyServiceClient> & { service: _writ_v1_PolicyServiceDefinition }
      PublishBundleRequest: MessageTypeDefinition<_writ_v1_PublishBundleRequest, _writ_v1_PublishBundleRequest__Output>
      PublishBundleResponse: MessageTypeDefinition<_writ_v1_PublishBundleResponse, _writ_v1_PublishBundleResponse__Output>
      Reason: MessageTypeDefinition<_writ_v1_Reason, _writ_v1_Reason__Output>
      ReplayDecisionsRequest: MessageTypeDefinition<_writ_v1_ReplayDecisionsRequest, _writ_v1_ReplayDecisionsRequest__Output>
      ReplayDecisionsResponse: MessageTypeDefinition<_writ_v1_ReplayDecisionsResponse, _writ_v1_ReplayDecisionsResponse__Output>
      ReplaySummary: MessageTypeDefinition<_writ_v1_ReplaySummary, _writ_v1_ReplaySummary__Output>
      ReplayedDecision: MessageTypeDefinition<_writ_v1_ReplayedDecision, _writ_v1_ReplayedDecision__Output>
      RuleChange: MessageTypeDefinition<_writ_v1_RuleChange, _writ_v1_RuleChange__Output>
      SecondOpinion: MessageTypeDefinition<_writ_v1_SecondOpinion, _writ_v1_SecondOpinion__Output>
      SetShadowBundleRequest: MessageTypeDefinition<_writ_v1_SetShadowBundleRequest, _writ_v1_SetShadowBundleRequest__Output>
      SetShadowBundleResponse: MessageTypeDefinition<_writ_v1_SetShadowBundleResponse, _writ_v1_SetShadowBundleResponse__Output>
      ShadowChange: MessageTypeDefinition<_writ_v1_ShadowChange, _writ_v1_ShadowChange__Output>
      ShadowCounts: MessageTypeDefinition<_writ_v1_ShadowCounts, _writ_v1_ShadowCounts__Output>
      ShadowReplica: MessageTypeDefinition<_writ_v1_ShadowReplica, _writ_v1_ShadowReplica__Output>
      TestBundleRequest: MessageTypeDefinition<_writ_v1_TestBundleRequest, _writ_v1_TestBundleRequest__Output>
      TestBundleResponse: MessageTypeDefinition<_writ_v1_TestBundleResponse, _writ_v1_TestBundleResponse__Output>
      ValidateBundleRequest: MessageTypeDefinition<_writ_v1_ValidateBundleRequest, _writ_v1_ValidateBundleRequest__Output>
      ValidateBundleResponse: MessageTypeDefinition<_writ_v1_ValidateBundleResponse, _writ_v1_ValidateBundleResponse__Output>
    }
  }
}

