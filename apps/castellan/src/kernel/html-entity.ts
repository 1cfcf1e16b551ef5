/** Names of characters in HTML, without `&` and `;`, and what they stand for. */
export type EntityNames = Readonly<Record<string, string>>

/** Those that every reader of HTML needs, whatever it is read for. */
export const commonEntities: EntityNames = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
}

const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,14}));?/y

/**
 * What the HTML entity that begins at `start` with `&` stands for, and where it ends; null when there is none, or its name is not among
 * these. A number that is no character stands for U+FFFD, as browsers have it. Source: HTML, 13.2.5.72 (character references).
 */
export function entityAt(
  text: string,
  start: number,
  names: EntityNames,
): { readonly end: number; readonly by: string } | null {
  entity.lastIndex = start
  const found = entity.exec(text)
  if (!found) return null
  const [whole, decimal, hex, name] = found
  const end = start + whole.length
  if (name !== undefined) {
    // Browsers read a few names without a semicolon; addresses such as ?a=1&lt=2 are more frequent.
    return whole.endsWith(';') && Object.hasOwn(names, name) ? { end, by: names[name]! } : null
  }
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return { end, by: isCharacter ? String.fromCodePoint(code) : '\ufffd' }
}
