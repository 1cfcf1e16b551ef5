import type { Entry } from './entry.ts'

export function journalSuite(_store: Entry) {}
