const WORD = 1
const NAME = 2

const kinds = new Uint8Array(128)
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code)
  if (/[A-Za-z0-9]/.test(character)) kinds[code] = WORD | NAME
  if (/[_.$-]/.test(character)) kinds[code] = NAME
}

/** Whether a letter or digit of ASCII is at a place; not beyond the ends of a text. */
export function isWordAt(text: string, at: number): boolean {
  return (kinds[text.charCodeAt(at)]! & WORD) !== 0
}

/** Whether a character is at a place of which names are made, the paths of settings and flags included: `db.pass-word`. */
export function isNameAt(text: string, at: number): boolean {
  return (kinds[text.charCodeAt(at)]! & NAME) !== 0
}

/**
 * Whether a token may begin at a place, because none goes on there. The letter of an escape is no part of one (`\nghp_…`),
 * nor is the second digit of one in a URL (`%3Dghp_…`).
 */
export function beginsToken(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  if (!isWordAt(text, at - 1) && before !== UNDERSCORE && before !== HYPHEN) return true
  return text.charCodeAt(at - 2) === BACKSLASH || text.charCodeAt(at - 3) === PERCENT
}

const UNDERSCORE = 95
const HYPHEN = 45
const BACKSLASH = 92
const PERCENT = 37
