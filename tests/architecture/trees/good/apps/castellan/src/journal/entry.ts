import { hash } from 'node:crypto'
import { newId } from '../kernel/index.ts'

export interface Entry {
  readonly id: string
}
export const entry: Entry = { id: newId() + hash('sha256', '') }
