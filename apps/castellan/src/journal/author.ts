import type { Draft } from './entry.ts'

/** On whose behalf a line is written. */
export type Author = Pick<Draft, 'tenant' | 'principal' | 'correlationId'>
