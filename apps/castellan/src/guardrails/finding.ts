/** What a detector looks for. */
export const metrics = ['pii', 'secrets', 'injection', 'toxicity', 'exfiltration'] as const
export type Metric = (typeof metrics)[number]

/** One stretch of a text in which a detector saw something. */
export interface Finding {
  readonly metric: Metric
  /** What was seen, such as `card`, `iban`, `aws-access-key` or `instruction-override`: lower case, words joined by `-`. */
  readonly category: string
  /** In UTF-16 code units of the text as it was given, half open: `text.slice(start, end)`, never cutting a surrogate pair. */
  readonly start: number
  readonly end: number
  /** From 0 to 1: how sure the detector is; what to do about it is decided elsewhere. */
  readonly confidence: number
  /** Who saw it, when that was no detector of ours. */
  readonly provider?: { readonly name: string; readonly version: string }
}

/** A name as others give it, such as `hate/threatening` or `EMAIL_ADDRESS`, in the form of a category; null when nothing is left of it. */
export function categoryFrom(name: string): string | null {
  const words = name.toLowerCase().match(/[a-z0-9]+/g)
  return words === null ? null : words.join('-').slice(0, 64).replace(/-$/, '')
}
