import { catalogue, type FaultCode, type FaultKind } from './fault-catalogue.ts'
import { recordable } from './recordable.ts'

/** Facts about one fault that its reader may see. Never secrets, arguments or results. */
export type FaultDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/**
 * The one class of expected exceptions. Its code is a row of the catalogue; `message` is the row's sentence with the
 * details filled in, and safe to show to whoever made the request.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly kind: FaultKind
  readonly retryable: boolean
  readonly details: FaultDetails

  constructor(code: FaultCode, details: FaultDetails = {}, options?: ErrorOptions) {
    const row = catalogue[code]
    super(fill(row.sentence, details), options)
    this.code = code
    this.kind = row.kind
    this.retryable = row.retryable
    this.details = details
  }
}

export function fault(code: FaultCode, details?: FaultDetails, options?: ErrorOptions): Fault {
  return new Fault(code, details, options)
}

/** There is nothing of a kind under a name, or nothing that may be seen. */
export function notFound(kind: string, name?: string): Fault {
  return fault('NOT_FOUND', { what: name === undefined ? kind : `${kind} "${recordable(name)}"` })
}

export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code)
}

function fill(sentence: string, details: FaultDetails): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details[name]
    if (value === undefined) return whole
    return Array.isArray(value) ? value.join(', ') : String(value)
  })
}
