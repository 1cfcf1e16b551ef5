/** Names of characters in HTML that can hide or part what matters; the others are rare enough to stay as they are. */
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  Tab: '\t',
  NewLine: '\n',
  shy: '',
  zwj: '',
  zwnj: '',
  ZeroWidthSpace: '',
  NoBreak: '',
  commat: '@',
  period: '.',
  comma: ',',
  colon: ':',
  semi: ';',
  excl: '!',
  quest: '?',
  sol: '/',
  bsol: '\\',
  lpar: '(',
  rpar: ')',
  lsqb: '[',
  rsqb: ']',
  lcub: '{',
  rcub: '}',
  lowbar: '_',
  hyphen: '-',
  dash: '-',
  ndash: '-',
  mdash: '—',
  minus: '-',
  num: '#',
  percnt: '%',
  dollar: '$',
  plus: '+',
  equals: '=',
  ast: '*',
  grave: '`',
  lsquo: "'",
  rsquo: "'",
  ldquo: '"',
  rdquo: '"',
  hellip: '...',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
  ntilde: 'ñ',
}
const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,14}));?/y

/** What the HTML entity that begins at `start` with `&` stands for; null when there is none. */
export function entityAt(text: string, start: number): { readonly end: number; readonly by: string } | null {
  entity.lastIndex = start
  const found = entity.exec(text)
  if (!found) return null
  const [whole, decimal, hex, name] = found
  const end = start + whole.length
  if (name !== undefined) {
    // Browsers read a few names without a semicolon; addresses such as ?a=1&lt=2 are more frequent.
    return whole.endsWith(';') && Object.hasOwn(named, name) ? { end, by: named[name]! } : null
  }
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isCharacter ? { end, by: String.fromCodePoint(code) } : null
}
