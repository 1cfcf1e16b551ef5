import { markup, type Markup } from './markup.ts'

export interface Bar {
  readonly label: string
  /** What the label is short for, when it is. */
  readonly whole?: string
  readonly value: number
  readonly said: string
  /** Class of its colour. */
  readonly tone: string
}

/** Bars from left to right, one below the other, each with its number. `about` says in words what they show. */
export function bars(id: string, about: string, rows: readonly Bar[]): Markup {
  const most = Math.max(...rows.map(({ value }) => value))
  const height = rows.length * STEP + 4
  return markup`<svg class="bars" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-about">
<title id="${id}-about">${about}</title>
${rows.map((row, index) => bar(row, index * STEP, most))}</svg>`
}

function bar({ label, whole = label, value, said, tone }: Bar, top: number, most: number): Markup {
  const width = most === 0 ? 0 : Math.max(2, Math.round((value / most) * (WIDTH - LABEL - SAID)))
  return markup`<g><title>${whole}: ${said}</title>
<text class="label" x="${LABEL - 8}" y="${top + 19}" text-anchor="end">${shortened(label)}</text>
<rect class="${tone}" x="${LABEL}" y="${top + 5}" width="${width}" height="${STEP - 10}" rx="3"/>
<text class="said" x="${LABEL + width + 6}" y="${top + 19}">${said}</text></g>
`
}

/** What fits before a bar. */
function shortened(label: string): string {
  return label.length <= 22 ? label : `${label.slice(0, 21).toWellFormed()}…`
}

const WIDTH = 440
const LABEL = 165
const SAID = 85
const STEP = 28
