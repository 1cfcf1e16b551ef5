import type { Server } from '../../registry/index.ts'

export type { Server }
