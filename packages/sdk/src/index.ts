export { CastellanClient, type JournalFilter } from './client.ts'
export type { ClientOptions } from './http.ts'
export { ApiProblem, Unreachable } from './problem.ts'
export type { Session } from './session.ts'
