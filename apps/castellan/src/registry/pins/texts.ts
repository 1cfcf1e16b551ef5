import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'

/**
 * Every text of a definition that may reach a model: descriptions, titles, names of properties, values, however deep. Not
 * `_meta`, which is for programs, nor pictures that are written out.
 */
export function textsIn({ _meta, ...definition }: JsonObject): string[] {
  const texts: string[] = []
  collect(definition, false, texts)
  return texts
}

function collect(value: JsonValue, namesArePart: boolean, texts: string[]): void {
  if (typeof value === 'string') {
    if (value !== '' && !value.startsWith('data:')) texts.push(value)
  } else if (Array.isArray(value)) {
    for (const each of value as readonly JsonValue[]) collect(each, false, texts)
  } else if (isJsonObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      // Other keys are words of the schema language.
      if (namesArePart || key.length > 40) texts.push(key)
      collect(each, key === 'properties' || key === 'patternProperties', texts)
    }
  }
}

/** The addresses in a text, web and mail, in one spelling. */
export function addressesIn(text: string): Set<string> {
  const found = new Set<string>()
  for (const pattern of [URLS, MAIL, HOSTS]) {
    for (const [address] of visible(text).matchAll(pattern)) {
      found.add(
        address
          .toLowerCase()
          .replace(/^www\./, '')
          .replace(/[.,;:!?/]+$/, ''),
      )
    }
  }
  return found
}

const URLS = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'`<>()[\]{}|\\^]{1,2000}/gi
const MAIL = /\b[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}\b/gi
/** Only endings that are rarely those of files. */
const HOSTS = /\b(?:[a-z0-9-]{1,63}\.){1,5}(?:com|net|org|io|dev|app|ai|co|biz|xyz|ru|cn|cloud|tk|gg|eu|de|uk)\b/gi

/** A text as it looks: compatible forms as what they stand for, and nothing that is not seen. */
export function visible(text: string): string {
  return text.normalize('NFKC').replace(/\p{Cf}/gu, '')
}

/** What of a text people do not see and models do; null when there is nothing of the kind. */
export function hiddenIn(text: string): string | null {
  // Flags of regions are written with tags.
  const plain = text.replace(/\u{1F3F4}[\u{E0020}-\u{E007F}]{1,8}/gu, '')
  if (/[\u{E0000}-\u{E007F}]/u.test(plain)) return 'it holds characters that are not shown (tags)'
  if (/[\u{E0100}-\u{E01EF}]{3}|[\uFE00-\uFE0F]{3}/u.test(plain))
    return 'it holds characters that are not shown (variation selectors)'
  if (/[\u202A-\u202E\u2066-\u2069]/.test(plain)) return 'it holds marks that turn the direction of writing'
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(plain)) return 'it holds control characters'
  if ((plain.match(/[\u200B\u2060-\u2064\uFEFF\u3164\u115F\u1160]/g)?.length ?? 0) > 3)
    return 'it holds characters that are not shown (zero width)'
  for (const { 0: blank, index } of plain.matchAll(/\s{20,}/g)) {
    const lines = blank.split('\n').length - 1
    const isLast = index + blank.length === plain.length
    if (!isLast && (lines >= 20 || blank.length >= 200)) return 'part of it is pushed out of sight by blanks'
  }
  return null
}
