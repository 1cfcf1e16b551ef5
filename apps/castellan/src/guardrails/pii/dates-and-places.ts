import type { Span } from './email.ts'

const months =
  'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fév|avr|mai|juin|juil|août|déc|mär|okt|dez|gen|mag|giu|lug|set|ott'
const day = new RegExp(
  `(?:(?:19|20)\\d\\d[-./](?:0?[1-9]|1[0-2])[-./](?:[12]\\d|3[01]|0?[1-9])|(?:[12]\\d|3[01]|0?[1-9])[-./ ](?:[12]\\d|3[01]|0?[1-9])[-./ ](?:19|20)?\\d\\d` +
    `|(?:[12]\\d|3[01]|0?[1-9])(?:st|nd|rd|th|\\.|º)?[ -](?:of |de )?(?:${months})[a-zäéûç]{0,7}\\.?,?[ -](?:de )?(?:19|20)\\d\\d` +
    `|(?:${months})[a-z]{0,6}\\.?[ ](?:[12]\\d|3[01]|0?[1-9])(?:st|nd|rd|th)?,?[ ](?:19|20)\\d\\d)(?!\\d)`,
  'iy',
)

/** The day, with its year, that is written at an offset; null when there is none. */
export function dayAt(text: string, start: number): Span | null {
  day.lastIndex = start
  const found = day.exec(text)
  return found ? { start, end: start + found[0].length } : null
}

const LONGEST_STREET = 64
const house =
  /(?<![\w.,/-])\d{1,5}[A-Za-z]?[ ](?:[NSEW]\.?[ ])?(?:[A-Z][A-Za-z'-]{0,20}\.?[ ]|\d{1,3}(?:st|nd|rd|th)[ ]){1,4}$/
const place = /^\.?(?:[ ](?:NW|NE|SW|SE|[NSEW]))?(?:,?[ ](?:[Aa]pt|[Aa]partment|[Ss]uite|[Uu]nit|[Ss]te|[Ff]loor|[Ff]lat|#)\.?[ ]?#?\w{1,6})?(?:,|\n|,?[ ]in)?[ \n](?:[A-Z][A-Za-z'-]{1,20}[ ,]{1,2}){1,3}(?:[A-Z]{2}\b[ ,]{0,2})?(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|[A-Z]{2}\b)/ // prettier-ignore

/** The house and its street around a word like `Street`; `placed` when a town with its code follows. */
export function streetAround(text: string, start: number, end: number): (Span & { readonly placed: boolean }) | null {
  if (text[start]! < 'A' || text[start]! > 'Z') return null
  const from = Math.max(0, start - LONGEST_STREET)
  const before = house.exec(text.slice(from, start))
  if (!before) return null
  const after = place.exec(text.slice(end, end + 100))
  return { start: from + before.index, end: end + (after?.[0].length ?? 0), placed: after !== null }
}
