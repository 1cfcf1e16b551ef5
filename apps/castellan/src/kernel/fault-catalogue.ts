/** What a caller can do about a fault; each surface maps a kind exactly once. */
export type FaultKind =
  'invalid' | 'denied' | 'notFound' | 'conflict' | 'exhausted' | 'unavailable' | 'timeout' | 'cancelled' | 'internal'

interface Row {
  readonly kind: FaultKind
  /** Whether the very same request may succeed later without anyone changing anything. */
  readonly retryable: boolean
  /** What was given, what is allowed, what to do. `{name}` is filled from the fault's details. */
  readonly sentence: string
}

/** Every fault there is. `docs/errors.md` explains each row, and a test compares the two in both directions. */
export const catalogue = {
  // JSON and values
  JSON_MALFORMED: { kind: 'invalid', retryable: false, sentence: 'The text is not strict JSON: {why}.' },
  JSON_NOT_CANONICAL: {
    kind: 'invalid',
    retryable: false,
    sentence: 'The value at {at} cannot be made canonical: {why}.',
  },
  DURATION_INVALID: {
    kind: 'invalid',
    retryable: false,
    sentence: 'The duration "{given}" is not understood; write a whole number and a unit: 250ms, 30s, 5m, 2h or 7d.',
  },
  REQUEST_INVALID: { kind: 'invalid', retryable: false, sentence: 'The request is not valid: {why}.' },
  REQUEST_TOO_LARGE: { kind: 'invalid', retryable: false, sentence: 'The request is larger than {limit} bytes.' },

  // Configuration
  CONFIG_INVALID: { kind: 'invalid', retryable: false, sentence: 'The configuration is not valid: {why}.' },
  DATA_LOCKED: {
    kind: 'conflict',
    retryable: true,
    sentence:
      'Another Castellan (process {pid}) is using the data folder {folder}; stop it or choose another with --data.',
  },
  DATA_MOVED: {
    kind: 'conflict',
    retryable: false,
    sentence:
      'The store of the data folder {folder} has moved to {to} ({at}); use that with --database. To go back to what it was before, remove the file {mark}.',
  },
  NOTHING_TO_MOVE: {
    kind: 'notFound',
    retryable: false,
    sentence: 'There is no embedded store in the data folder {folder}; name the folder with --data.',
  },
  TARGET_NOT_EMPTY: {
    kind: 'conflict',
    retryable: false,
    sentence: 'The database {to} is not empty, so nothing is moved there: it has {found}. Name one that is new.',
  },

  // Identity
  UNAUTHENTICATED: {
    kind: 'denied',
    retryable: false,
    sentence: 'No valid credentials were given; send "Authorization: Bearer <key or token>".',
  },
  FORBIDDEN: { kind: 'denied', retryable: false, sentence: 'These credentials do not allow this: it needs {needs}.' },

  // Resources
  NOT_FOUND: { kind: 'notFound', retryable: false, sentence: 'There is no {what}.' },
  NAME_TAKEN: { kind: 'conflict', retryable: false, sentence: 'The {what} name "{name}" is taken; choose another.' },
  VERSION_CONFLICT: {
    kind: 'conflict',
    retryable: true,
    sentence: 'The {what} was changed by someone else meanwhile; read it again and repeat the change.',
  },
  TRANSPORT_IMMUTABLE: {
    kind: 'invalid',
    retryable: false,
    sentence:
      'The transport of a server cannot be changed from {from} to {to}; create a new server and remove this one.',
  },
  SECRET_UNREADABLE: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The secret "{name}" cannot be read: {why}.',
  },

  ROTATION_UNDER_WAY: {
    kind: 'conflict',
    retryable: true,
    sentence: 'The master key is being replaced already; try again when that has ended.',
  },

  // Subscriptions
  DELIVERY_LOST: {
    kind: 'conflict',
    retryable: true,
    sentence: 'Somebody else delivers this now, or it was removed.',
  },

  // Runs
  RUN_LOST: {
    kind: 'conflict',
    retryable: true,
    sentence: 'Somebody else goes on with this run now.',
  },
  STEP_NOT_WAITING: {
    kind: 'conflict',
    retryable: false,
    sentence: 'The step "{step}" of the run does not wait for that: {why}.',
  },
  TRIGGER_FULL: {
    kind: 'exhausted',
    retryable: true,
    sentence: 'The trigger "{name}" has {limit} runs open, as many as it may.',
  },
  TRIGGER_STALLED: {
    kind: 'unavailable',
    retryable: true,
    sentence:
      'The trigger "{name}" stands still: it keeps {kept} failures, and {limit} are as many as it may. Send the call again once some are redriven or dropped: castellan triggers failures {name}, then castellan triggers redrive {name} or castellan triggers drop {name} OFFSET.',
  },
  TRIGGER_INVALID: { kind: 'invalid', retryable: false, sentence: 'The trigger is not valid: {why}.' },
  SIGNATURE_INVALID: {
    kind: 'denied',
    retryable: false,
    sentence: 'Nothing here is called like that with this signature; check the address, the secret and the clock.',
  },
  TEAM_INVALID: { kind: 'invalid', retryable: false, sentence: 'The team is not valid: {why}.' },
  WORKFLOW_INVALID: { kind: 'invalid', retryable: false, sentence: 'The workflow is not valid: {why}.' },
  RUN_ENDED: { kind: 'conflict', retryable: false, sentence: 'The run {run} has ended.' },

  // Journal and store
  STREAM_CONFLICT: {
    kind: 'conflict',
    retryable: true,
    sentence: 'The stream {stream} already has an entry {seq}; read it again and decide anew.',
  },
  STORE_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    sentence: 'The store cannot be used ({why}); effects are refused until it can be. Repeating the request is safe.',
  },
  STORE_INCOMPATIBLE: {
    kind: 'unavailable',
    retryable: false,
    sentence:
      'The store cannot be used by this version of Castellan: {why}. Use the version that wrote it, or a newer one.',
  },

  // Upstream servers
  UPSTREAM_UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    sentence: 'The server "{server}" cannot be reached: {why}.',
  },
  TOOL_REFUSED: { kind: 'invalid', retryable: false, sentence: 'The tool does not do that: {why}.' },
  UPSTREAM_PROTOCOL: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The server "{server}" broke its protocol: {why}.',
  },
  UPSTREAM_TIMEOUT: {
    kind: 'timeout',
    retryable: true,
    sentence: 'The server "{server}" did not answer within {timeout}.',
  },
  UPSTREAM_BUSY: {
    kind: 'exhausted',
    retryable: true,
    sentence: 'The server "{server}" has too many calls under way; try again shortly.',
  },
  UPSTREAM_UNHEALTHY: {
    kind: 'unavailable',
    retryable: true,
    sentence:
      'The server "{server}" failed its probe: {why}. Fix it, or register it all the same with --allow-unhealthy.',
  },
  UPSTREAM_AUTHORIZATION_REQUIRED: {
    kind: 'unavailable',
    retryable: false,
    sentence:
      'The server "{server}" lets nobody in: {why}. An administrator authorizes it with "castellan servers authorize {server}".',
  },
  AUTHORIZATION_FAILED: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The server "{server}" was not authorized: {why}.',
  },
  AUTHORIZATION_UNKNOWN: {
    kind: 'invalid',
    retryable: false,
    sentence:
      'This belongs to no authorization that is under way: it was answered before, was begun anew, or took too long. Begin again with "castellan servers authorize".',
  },
  CIRCUIT_OPEN: {
    kind: 'unavailable',
    retryable: true,
    sentence: 'The server "{server}" failed too often and gets a rest; try again in {rest}.',
  },
  EGRESS_REFUSED: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The server "{server}" leads to where it may not: {why}.',
  },
  SANDBOX_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The server "{server}" was not started: this machine cannot give it the sandbox it is set to ({why}).',
  },
  HEADER_INVALID: {
    kind: 'invalid',
    retryable: false,
    sentence:
      'The header {header} of the server "{server}" cannot be sent: {why}. Correct it, or the secret it refers to.',
  },
  DOCUMENT_INVALID: {
    kind: 'invalid',
    retryable: false,
    sentence: 'The OpenAPI document of "{server}" cannot be used: {why}.',
  },

  // Pins
  PIN_CONFLICT: {
    kind: 'conflict',
    retryable: false,
    sentence:
      'The definition {given} cannot be decided about: {why}. Look again with "castellan pins show {pin}" and decide about what is there now.',
  },

  // Gate
  IDEMPOTENCY_MISMATCH: {
    kind: 'conflict',
    retryable: false,
    sentence: 'The idempotency key was used before with other arguments or another tool; use a new key for a new call.',
  },
  IDEMPOTENCY_IN_FLIGHT: {
    kind: 'conflict',
    retryable: true,
    sentence: 'A call with this idempotency key is still under way; ask again when it has ended.',
  },

  // Budgets
  BUDGET_SPENT: {
    kind: 'exhausted',
    retryable: false,
    sentence: 'The budget has no room for this call; wait until it begins anew, or have it raised.',
  },
  BUDGET_IMMUTABLE: {
    kind: 'invalid',
    retryable: false,
    sentence:
      'What the budget "{name}" counts cannot be changed ("{field}" differs), since its sums would mean nothing; make another, or remove this one first.',
  },

  // Approvals
  APPROVAL_CLOSED: {
    kind: 'conflict',
    retryable: false,
    sentence:
      'The approval is {state}, so it can no longer be decided; the same call asks for a new one when it comes again.',
  },
  APPROVAL_OWN: {
    kind: 'denied',
    retryable: false,
    sentence: 'Whoever asked for the approval cannot give it; someone else who may decide must agree.',
  },
  APPROVAL_REPEATED: {
    kind: 'conflict',
    retryable: false,
    sentence: 'You have decided this already; of others, {missing} must still agree.',
  },
  APPROVAL_SPENT: {
    kind: 'conflict',
    retryable: true,
    sentence:
      'The approval was used, taken back or has expired meanwhile; the same call asks for a new one when it comes again.',
  },
  APPROVAL_TOKEN_INVALID: {
    kind: 'denied',
    retryable: false,
    sentence: 'The token is not one of this approval, or is too old; send the one of the notice as it came.',
  },

  // Models
  MODEL_UNKNOWN: {
    kind: 'notFound',
    retryable: false,
    sentence:
      'Nobody offers the model "{model}": {why}. A model is provider/name, with a provider of the setting models.providers ({providers}).',
  },
  MODEL_UNAVAILABLE: {
    kind: 'unavailable',
    retryable: true,
    sentence: 'The model "{model}" did not answer: {why}.',
  },
  MODEL_REFUSED: {
    kind: 'unavailable',
    retryable: false,
    sentence: 'The model "{model}" will not answer this: {why}.',
  },

  // Policies
  POLICY_INVALID: { kind: 'invalid', retryable: false, sentence: 'The policy set is not valid: {why}.' },
  REPLAY_LIMIT: {
    kind: 'exhausted',
    retryable: true,
    sentence: 'There are {limit} replays under way, as many as there may be; try again when one has ended.',
  },

  // Process
  SHUTTING_DOWN: { kind: 'unavailable', retryable: true, sentence: 'Castellan is stopping; try again in a moment.' },
  REPORT_LIMIT: {
    kind: 'exhausted',
    retryable: true,
    sentence: 'There are {limit} reports under way, as many as there may be; try again when one has ended.',
  },
  SESSION_LIMIT: {
    kind: 'exhausted',
    retryable: true,
    sentence: 'There are too many open sessions ({limit}); close one, or try again later.',
  },
  SESSION_CLOSED: { kind: 'conflict', retryable: false, sentence: 'The session is closed; open another.' },
  INTERNAL: {
    kind: 'internal',
    retryable: false,
    sentence: 'Something went wrong inside Castellan; its log has the details.',
  },
} as const satisfies Record<string, Row>

export type FaultCode = keyof typeof catalogue
