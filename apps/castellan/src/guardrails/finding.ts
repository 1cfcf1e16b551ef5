/** What a detector looks for. */
export type Metric = 'pii' | 'secrets' | 'injection' | 'toxicity' | 'exfiltration'

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
}
