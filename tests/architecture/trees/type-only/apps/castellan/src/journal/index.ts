import type { Call } from '../gate/index.ts'

export type { Call }
