export type { Entry } from './entry.ts'
