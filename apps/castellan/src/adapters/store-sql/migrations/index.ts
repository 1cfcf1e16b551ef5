import { journal } from './0001-journal.ts'
import { identity } from './0002-identity.ts'
import { registry } from './0003-registry.ts'
import { gate } from './0004-gate.ts'
import type { Migration } from './migration.ts'

/** In the order in which they run. */
export const migrations: readonly Migration[] = [journal, identity, registry, gate]
