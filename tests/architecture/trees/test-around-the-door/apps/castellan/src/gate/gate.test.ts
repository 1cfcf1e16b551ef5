import { leafHash } from '../journal/entry.ts'

leafHash()
