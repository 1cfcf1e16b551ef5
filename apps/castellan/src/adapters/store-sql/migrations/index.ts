import { journal } from './0001-journal.ts'
import { identity } from './0002-identity.ts'
import { registry } from './0003-registry.ts'
import { gate } from './0004-gate.ts'
import { pins } from './0005-pins.ts'
import { approvals } from './0006-approvals.ts'
import { guardrails } from './0007-guardrails.ts'
import { budgets } from './0008-budgets.ts'
import { versionsAndDataKeys } from './0009-versions-and-data-keys.ts'
import { sessions } from './0010-sessions.ts'
import { runs } from './0011-runs.ts'
import { notes } from './0012-notes.ts'
import { subscriptions } from './0013-subscriptions.ts'
import { workflows } from './0014-workflows.ts'
import { teams } from './0015-teams.ts'
import { manyNodes } from './0016-many-nodes.ts'
import { triggers } from './0017-triggers.ts'
import { triggerFailures } from './0018-trigger-failures.ts'
import { toolPlaces } from './0019-tool-places.ts'
import { triggerStandstills } from './0020-trigger-standstills.ts'
import { lostOwners } from './0021-lost-owners.ts'
import { listeningNodes } from './0022-listening-nodes.ts'
import type { Migration } from './migration.ts'

/** In the order in which they run. */
export const migrations: readonly Migration[] = [
  journal,
  identity,
  registry,
  gate,
  pins,
  approvals,
  guardrails,
  budgets,
  versionsAndDataKeys,
  sessions,
  runs,
  notes,
  subscriptions,
  workflows,
  teams,
  manyNodes,
  triggers,
  triggerFailures,
  toolPlaces,
  triggerStandstills,
  lostOwners,
  listeningNodes,
]
