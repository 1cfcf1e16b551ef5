export { inputSchemaOf } from './as-tool.ts'
export type { Authorization, AuthorizationStatus, Challenge, Remedy } from './authorization/authorization.ts'
export { Authorizations } from './authorization/authorizations.ts'
export type {
  Applicant,
  Authorizer,
  Demand,
  Memory,
  PersonsAnswer,
  Question,
  Renewal,
  Tokens,
} from './authorization/authorizer.ts'
export type { Capability, Catalog, Discovery, Primitive } from './capability.ts'
export type { CatalogChange } from './catalog-change.ts'
export type { CatalogSource } from './catalog-source.ts'
export { effectOf, isOpenWorld, labelsOf } from './effect.ts'
export { type Egress, egressOf } from './egress.ts'
export type { Grant, Group, GroupMember } from './grant.ts'
export { type HeaderMark, headerMarks, markedValue } from './header-marks.ts'
export { nextProbeIn } from './health.ts'
export { Masker } from './masker.ts'
export { matchesPattern, SERVER_NAME } from './names.ts'
export { type Offer, type Offers, offerForUri, type View } from './offer.ts'
export type { Inspection } from './pins/assess.ts'
export {
  type Approved,
  type Change,
  type Definitions,
  isRisky,
  type Pin,
  type PinBook,
  type Waiting,
} from './pins/pin.ts'
export { type Pinning, pinnings } from './pins/pinning.ts'
export type { PinStore } from './pins/pin-store.ts'
export type { PinInFull, PinOfServer, Pins } from './pins/pins.ts'
export { type CatalogListener, type RegisterOptions, Registry, type RegistryParts } from './registry.ts'
export type { RegistryStore, SealedSecret } from './registry-store.ts'
export type { FoundTool, ToolQuery } from './search.ts'
export { closesFiles, networkOf, noSandboxWishes, sandboxPresets, type SandboxSettings } from './sandbox.ts'
export { type MasterKeyRing, type Rotation, SecretRotation } from './secret-rotation.ts'
export type { SecretSource } from './secret-source.ts'
export { resolveSecrets, type SecretSources, type SecretVault } from './secrets.ts'
export { type ConnectionSpec, type SecretInput, secretsOf, type ServerSpec } from './server-spec.ts'
export {
  type Connection,
  defaultTimeouts,
  type EffectClass,
  type EgressSettings,
  type Health,
  type HealthStatus,
  type OAuthSettings,
  type RemoteConnection,
  type SecretRef,
  type Server,
  type Timeouts,
  type ToolSettings,
  type Transport,
  transports,
  type Verification,
} from './server.ts'
export { spelledIn, wordsOf } from './search/words.ts'
export { verificationOf } from './verification.ts'
export { fitsTemplate } from './uri-template.ts'
