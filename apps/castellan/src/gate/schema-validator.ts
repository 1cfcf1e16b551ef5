import type { JsonObject, JsonValue } from '../kernel/index.ts'

export interface SchemaViolation {
  /** JSON Pointer into the value. */
  readonly at: string
  readonly message: string
}

/** The port that checks arguments against JSON Schema 2020-12. */
export interface SchemaValidator {
  /**
   * Violations, none when the value is valid. The digest identifies the schema, which is compiled once for it.
   * A schema that cannot be compiled is one violation at the root: it fails closed.
   */
  check(digest: string, schema: JsonObject, value: JsonValue): readonly SchemaViolation[]
}
