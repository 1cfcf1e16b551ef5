import { leafHash } from '../journal/entry.ts'

export { leafHash }
