import type { Generated } from 'kysely'

/** The tables as queries see them. Their definitions are in `migrations/`. */
export interface Tables {
  readonly journal: JournalRow
  readonly cursors: { readonly name: string; readonly position: number }
  readonly blobs: {
    readonly tenant: string
    readonly digest: string
    readonly salt: Uint8Array
    readonly bytes: Uint8Array
  }

  readonly tenants: { readonly id: string; readonly version: number; readonly body: string }
  readonly principals: {
    readonly id: string
    /** The home tenant, in which the name is unique; null for a principal that belongs nowhere. */
    readonly tenant: string | null
    readonly name: string
    readonly issuer: string | null
    readonly subject: string | null
    readonly version: number
    readonly body: string
  }
  readonly memberships: { readonly tenant: string; readonly principal: string }
  readonly keys: {
    readonly id: string
    readonly tenant: string
    readonly principal: string
    readonly name: string
    readonly hash: string
    /** JSON. */
    readonly scopes: string
    readonly expires_at: string | null
    readonly revoked_at: string | null
    readonly created_at: string
  }

  readonly servers: NamedRow
  readonly catalogs: { readonly server: string; readonly tenant: string; readonly body: string }
  readonly server_health: { readonly server: string; readonly body: string }
  readonly server_owners: ServerOwnerRow
  /** One row. */
  readonly installation: { readonly place: number; readonly id: string }
  readonly grants: Omit<NamedRow, 'name'>
  readonly groups: NamedRow
  readonly secrets: {
    readonly tenant: string
    readonly name: string
    readonly key_id: string
    readonly wrapped: Uint8Array | null
    readonly nonce: Uint8Array
    readonly ciphertext: Uint8Array
  }

  readonly calls: CallRow & {
    /** The process that made it; null from the time before processes had names. */
    readonly node: string | null
  }
  readonly nodes: {
    readonly id: string
    /** Milliseconds of the epoch, by the clock of the store. */
    readonly alive_until: number
    /** Host and port; null while nobody listens there. */
    readonly listens_at: string | null
  }
  /** Idempotency keys in use: their call is open, or has an outcome. */
  readonly claims: {
    readonly tenant: string
    readonly principal: string
    readonly key: string
    readonly call: string
    /** JSON; null while the call is open. */
    readonly outcome: string | null
  }
  readonly policy_sets: { readonly tenant: string; readonly version: number; readonly body: string }
  /** Every policy set that ever was in force. */
  readonly policy_versions: PolicyVersionRow
  readonly limits: NamedRow
  readonly sessions: SessionRow

  readonly agents: NamedRow
  readonly workflows: NamedRow
  readonly teams: NamedRow
  readonly runs: RunRow
  /** The runs that have not ended. */
  readonly run_queue: {
    readonly run: string
    readonly tenant: string
    readonly priority: number
    /** Milliseconds of the epoch, by the clock of the store: when somebody may claim it; null until it is told something. */
    readonly due_at: number | null
    /** Who claimed it last; null once it was let go of. */
    readonly owner: string | null
    readonly fence: number
    readonly told: number
    /** Id of a trigger. */
    readonly started_by: string | null
  }
  readonly run_waits: { readonly run: string; readonly tenant: string; readonly what: string }
  readonly run_payloads: PayloadRow

  readonly tool_places: ToolPlaceRow

  readonly budgets: NamedRow
  readonly prices: NamedRow
  /** What is taken from each budget, by subject and period. */
  readonly accounts: {
    readonly budget: string
    readonly subject: string
    readonly period: string
    readonly tenant: string
    readonly spent: number
    readonly reserved: number
    readonly unpriced: number
  }
  readonly guardrail_sets: { readonly tenant: string; readonly version: number; readonly body: string }

  readonly approvals: ApprovalRow
  readonly approval_notices: {
    readonly id: string
    readonly tenant: string
    readonly version: number
    readonly next_at: string | null
    readonly body: string
  }
  readonly approval_rules: NamedRow

  readonly notes: {
    readonly id: string
    readonly tenant: string
    readonly shelf: string
    readonly session: string | null
    readonly at: string
    /** Words of the text. */
    readonly length: number
    readonly body: string
  }
  readonly note_words: NoteWordRow

  readonly triggers: TriggerRow
  /** What they could not make runs of. */
  readonly trigger_failures: {
    readonly trigger_id: string
    readonly offset: number
    readonly why: string
  }

  readonly subscriptions: SubscriptionRow
  /** What is on its way to subscribers. */
  readonly deliveries: DeliveryRow
  readonly dead_letters: DeadLetterRow

  readonly pins: {
    readonly tenant: string
    /** Name of a server. */
    readonly server: string
    readonly version: number
    readonly body: string
    /** JSON. */
    readonly definitions: string
  }
}

export interface ServerOwnerRow {
  readonly pool: string
  readonly node: string
  readonly address: string
  readonly fence: number
  /** Milliseconds of the epoch, by the clock of the store. */
  readonly until: number
  /** The node from which it was taken over, which had not given it back; null when it had. */
  readonly lost: string | null
}

export interface NoteWordRow {
  readonly tenant: string
  readonly shelf: string
  /** A tag begins with `#`. */
  readonly word: string
  readonly note: string
  readonly times: number
}

export interface JournalRow {
  /** Null on PostgreSQL until the row is sequenced; queries that ask for it see sequenced rows only. */
  readonly offset: Generated<number>
  readonly id: string
  readonly tenant: string
  readonly stream: string
  readonly seq: number
  readonly type: string
  readonly at: string
  readonly principal: string
  readonly correlation_id: string
  readonly causation_id: string | null
  /** Canonical JSON. */
  readonly data: string
  readonly leaf_hash: string
}

export interface CallRow {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly server: string
  readonly capability: string
  readonly method: string
  readonly effect: string
  readonly digest: string
  readonly idempotency_key: string | null
  readonly correlation_id: string
  readonly state: string
  readonly outcome: string | null
  readonly started_at: string
  readonly ended_at: string | null
  readonly session: string | null
  /** JSON; null for none. */
  readonly labels: string | null
}

/** An approval, whole as JSON in `body`; the other columns are what is looked for. */
export interface ApprovalRow {
  readonly id: string
  readonly tenant: string
  readonly state: string
  readonly binding: string
  /** Who asked. */
  readonly principal: string
  readonly expires_at: string
  readonly version: number
  readonly body: string
}

export interface PolicyVersionRow {
  readonly tenant: string
  readonly version: number
  readonly digest: string
  readonly at: string
  readonly principal: string
  readonly restores: number | null
  /** JSON. */
  readonly files: string
}

export interface SessionRow {
  readonly id: string
  readonly tenant: string
  readonly principal: string
  readonly state: string
  readonly version: number
  readonly body: string
}

/** A run, whole as JSON in `body`; the other columns are what is looked for. */
export interface RunRow {
  readonly id: string
  readonly tenant: string
  readonly kind: string
  readonly name: string
  readonly state: string
  readonly principal: string
  readonly parent: string | null
  readonly session: string | null
  readonly body: string
}

export interface PayloadRow {
  readonly tenant: string
  readonly run: string
  readonly seq: number
  readonly salt: Uint8Array
  /** JSON. */
  readonly value: string
}

export interface ToolPlaceRow {
  readonly id: string
  readonly tool: string
  /** Its place in the line of the tool; 0 for calls that were under way when they were last heard of. */
  readonly turn: number
  /** The process. */
  readonly node: string
  /** Milliseconds of the epoch, by the clock of the store. */
  readonly until: number
}

export interface TriggerRow extends NamedRow {
  /** Its place in the journal. */
  readonly position: number
  /** Milliseconds of the epoch. */
  readonly moment: number
  readonly started: number
  readonly failed: number
  readonly refused: number
  readonly trouble: string | null
  /** Odd while it stands still. */
  readonly standstills: number
}

export interface SubscriptionRow extends NamedRow {
  /** 0 or 1. */
  readonly paused: number
  readonly concurrency: number
  /** The cursor. */
  readonly position: number
  readonly pending: number
  readonly delivered: number
  readonly dead: number
  readonly failures: number
  readonly trouble: string | null
}

export interface DeliveryRow {
  readonly subscription: string
  readonly offset: number
  readonly lane: string
  readonly attempts: number
  /**
   * Milliseconds of the epoch, by the clock of the store: when somebody may claim it; null while it waits for the one before it in its
   * lane. In each lane there is one that does not.
   */
  readonly due_at: number | null
  /** Who attempts it; null when nobody does. */
  readonly owner: string | null
  readonly fence: number
  readonly why: string | null
}

export interface DeadLetterRow {
  readonly id: string
  readonly tenant: string
  readonly subscription: string
  readonly offset: number
  readonly lane: string
  readonly attempts: number
  readonly why: string
  readonly died_at: string
}

/** A versioned resource; `body` is the whole of it as JSON, the other columns are what is looked for. */
export interface NamedRow {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly version: number
  readonly body: string
}

/** Everything of an entry but its offset, in the order it is written. */
export const entryColumns = [
  'id',
  'tenant',
  'stream',
  'seq',
  'type',
  'at',
  'principal',
  'correlation_id',
  'causation_id',
  'data',
  'leaf_hash',
] as const
