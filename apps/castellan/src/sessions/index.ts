export { type Caller, type SessionParts, Sessions, type SessionWish, type StepWish } from './sessions.ts'
export type { Noted, Session, Step } from './session.ts'
export { wireSession, wireStep } from './wire-session.ts'
export type { SessionStore } from './session-store.ts'
