// Original file: proto/writ/v1/verifier.proto

export const TrustTier = {
  TRUST_TIER_UNSPECIFIED: 'TRUST_TIER_UNSPECIFIED',
  TRUST_TIER_AFFIRMING: 'TRUST_TIER_AFFIRMING',
  TRUST_TIER_WARNING: 'TRUST_TIER_WARNING',
  TRUST_TIER_CONTRAINDICATED: 'TRUST_TIER_CONTRAINDICATED',
} as const;

export type TrustTier =
  | 'TRUST_TIER_UNSPECIFIED'
  | 0
  | 'TRUST_TIER_AFFIRMING'
  | 2
  | 'TRUST_TIER_WARNING'
  | 32
  | 'TRUST_TIER_CONTRAINDICATED'
  | 96

export type TrustTier__Output = typeof TrustTier[keyof typeof TrustTier]
