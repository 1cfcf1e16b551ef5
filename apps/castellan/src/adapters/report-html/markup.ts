/** Text that is markup already; everything else is escaped where it is put into a page. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Markup | string | number | null | readonly Part[]

/** Markup around texts, which are escaped: there is no other way to put one in. */
export function markup(around: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(around.map((text, index) => (index === 0 ? '' : written(parts[index - 1]!)) + text).join(''))
}

/** Text from elsewhere, whose direction stays its own. */
export function foreign(text: string | null, missing = '–'): Markup {
  return text === null || text === '' ? markup`<span class="none">${missing}</span>` : markup`<bdi>${text}</bdi>`
}

function written(part: Part): string {
  if (part === null) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escaped(part)
  return part.map(written).join('')
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '\ufffd')
    .replace(/[&<>"']/g, sign => entities[sign]!)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
