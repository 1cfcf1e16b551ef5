/** What a text has that makes another view of it worth while; a text without any of it is read as it stands. */
export interface Survey {
  /** Signs or characters that may not mean themselves. */
  readonly unusual: boolean
  /** A run of the signs of base64 that is long enough to be a text. */
  readonly encoded: boolean
  /** Digits or signs within a word, or letters that stand by themselves. */
  readonly disguised: boolean
}

/** Shorter runs are words, names and numbers more often than texts. */
export const SHORTEST_ENCODED = 16

/** Looks a text over; most of it is left to regular expressions without repetition, which are faster than any loop of ours. */
export function survey(text: string): Survey {
  return {
    unusual: unusual.test(text),
    encoded: nextRun(text, 0) !== null,
    disguised: withDigits.test(text) || spelled.test(text),
  }
}

const unusual = /[\x00-\x08\x0b\x0c\x0e-\x1f&<%\\=*`~\x7f-\uffff]|-\n[a-z]/
const withDigits = /[A-Za-z$][013457@$!|]{1,3}[A-Za-z]|[^A-Za-z0-9][013457$][A-Za-z]{4}|4ll|@ll/
const spelled = /[^A-Za-z0-9][A-Za-z]([ ._|/\t-])[A-Za-z]\1[A-Za-z]\1/

/** Units below 128 that may mean something else than themselves. */
export const signs = new Uint8Array(128)
for (let unit = 0; unit < 128; unit++) if (unit !== 10 && unusual.test(String.fromCharCode(unit))) signs[unit] = 1

/** 1 for the signs of base64 and base64url, 3 for those that are of base 16, too; 5 for `+ / - _`. */
export const encodingSigns = new Uint8Array(128)
for (let unit = 0; unit < 128; unit++) {
  const sign = String.fromCharCode(unit)
  if (/[A-Za-z0-9]/.test(sign)) encodingSigns[unit] = /[0-9A-Fa-f]/.test(sign) ? 3 : 1
  else if ('+/-_'.includes(sign)) encodingSigns[unit] = 5
}

export function isEncoding(unit: number): boolean {
  return unit < 128 && encodingSigns[unit] !== 0
}

/** The next run of signs of base64 that is long enough, from an offset on; only a part of the text is looked at. */
export function nextRun(text: string, from: number): { readonly start: number; readonly end: number } | null {
  let first = from
  let at = from + SHORTEST_ENCODED - 1
  while (at < text.length) {
    if (!isEncoding(text.charCodeAt(at))) {
      first = at + 1
      at += SHORTEST_ENCODED
      continue
    }
    let start = at
    while (start > first && isEncoding(text.charCodeAt(start - 1))) start--
    let end = at + 1
    while (end < text.length && isEncoding(text.charCodeAt(end))) end++
    if (end - start >= SHORTEST_ENCODED) return { start, end }
    first = end + 1
    at = end + SHORTEST_ENCODED
  }
  return null
}
