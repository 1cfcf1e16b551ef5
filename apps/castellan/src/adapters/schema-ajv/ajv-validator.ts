import type { SchemaValidator } from '../../gate/index.ts'
import type { JsonObject } from '../../kernel/index.ts'
import { type CompiledSchema, compileSchema } from './compile-schema.ts'

export interface AjvValidator extends SchemaValidator {
  /** What of a schema is not checked, and why; empty when everything is, or when nothing passes because it is unusable. */
  warnings(digest: string, schema: JsonObject): readonly string[]
  /** Lets go of the compiled schemas nobody asked for since it was last called, such as those of tools that have changed. */
  dropUnused(): void
}

/**
 * JSON Schema 2020-12, and 2019-09 and draft-07 for schemas that declare them. Compiled schemas are kept, the ones used
 * last, up to a number and to an amount of schema text.
 *
 * Neither a schema nor a value can hold the process up: patterns run in linear time, and what takes too long all the same
 * is one violation at the root. Patterns that linear time cannot express (look-around, backreferences) are not checked.
 */
export function ajvValidator(limits: { readonly schemas: number; readonly text: number } = defaults): AjvValidator {
  const kept = new Map<string, Kept>()
  let text = 0

  function compiled(digest: string, source: JsonObject): CompiledSchema {
    const known = kept.get(digest)
    if (known) {
      known.used = true
      return known.schema
    }
    const schema = compileSchema(source)
    kept.set(digest, { schema, used: false })
    text += schema.size
    makeRoom(digest)
    return schema
  }

  /** From the oldest on; what was used since it was last considered goes to the end instead. */
  function makeRoom(newest: string): void {
    for (const [digest, each] of kept) {
      if (kept.size <= limits.schemas && text <= limits.text) return
      if (digest === newest) continue
      kept.delete(digest)
      if (each.used) kept.set(digest, { ...each, used: false })
      else text -= each.schema.size
    }
  }

  function drop(digest: string): void {
    text -= kept.get(digest)?.schema.size ?? 0
    kept.delete(digest)
  }

  return {
    check(digest, schema, value) {
      const current = compiled(digest, schema)
      const violations = current.check(value)
      if (current.spent) drop(digest)
      return violations
    },
    warnings: (digest, schema) => compiled(digest, schema).warnings,
    dropUnused() {
      for (const [digest, each] of kept) {
        if (each.used) each.used = false
        else drop(digest)
      }
    },
  }
}

interface Kept {
  readonly schema: CompiledSchema
  used: boolean
}

/** Text in characters. Compiled, a schema takes some ten times the memory of its text. */
const defaults = { schemas: 5_000, text: 16 * 1024 * 1024 }
