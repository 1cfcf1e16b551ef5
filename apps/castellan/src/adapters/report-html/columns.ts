import { markup, type Markup } from './markup.ts'
import { count } from './words.ts'

export interface Column {
  /** Under the axis; empty for none. */
  readonly label: string
  readonly whole: string
  /** From the bottom up. */
  readonly parts: readonly { readonly value: number; readonly tone: string }[]
}

/** Columns that stand on a line, each of parts on top of each other. `about` says in words what they show. */
export function columns(id: string, about: string, all: readonly Column[], width: number): Markup {
  const marks = marksUpTo(Math.max(1, ...all.map(heightOf)))
  const most = marks.at(-1)!
  const step = (width - LEFT - 4) / all.length
  return markup`<svg class="columns" viewBox="0 0 ${width} ${HEIGHT + 30}" role="img" aria-labelledby="${id}-about">
<title id="${id}-about">${about}</title>
${marks.map(value => line(value, most, width))}<line class="axis" x1="${LEFT}" x2="${width}" y1="${HEIGHT}" y2="${HEIGHT}"/>
${all.map((each, index) => column(each, LEFT + index * step, step, most))}</svg>`
}

function line(value: number, most: number, width: number): Markup {
  const y = tenth(HEIGHT - (value / most) * (HEIGHT - TOP))
  return markup`<line class="grid" x1="${LEFT}" x2="${width}" y1="${y}" y2="${y}"/><text class="label" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${count(value)}</text>
`
}

function column({ label, whole, parts }: Column, left: number, step: number, most: number): Markup {
  const wide = Math.min(WIDEST, step - Math.min(6, step * 0.2))
  let top = HEIGHT
  const drawn = parts
    .filter(({ value }) => value > 0)
    .map(({ value, tone }) => {
      const height = tenth(Math.max(1, (value / most) * (HEIGHT - TOP)))
      top = tenth(top - height)
      return markup`<rect class="${tone}" x="${tenth(left + (step - wide) / 2)}" y="${top}" width="${tenth(wide)}" height="${height}"/>`
    })
  const under = label === '' ? null : markup`<text class="label" x="${tenth(left + step / 2)}" y="${HEIGHT + 18}" text-anchor="middle">${label}</text>` // prettier-ignore
  return markup`<g><title>${whole}</title>${drawn}${under}</g>
`
}

/** Round numbers in equal steps, the last at least as large as what has to fit under it. */
function marksUpTo(most: number): readonly number[] {
  const size = 10 ** Math.floor(Math.log10(most))
  const step = [size / 5, size / 2, size, size * 2].find(each => Number.isInteger(each) && most / each <= 5) ?? size
  return Array.from({ length: Math.ceil(most / step) }, (_, index) => (index + 1) * step)
}

function heightOf({ parts }: Column): number {
  return parts.reduce((sum, { value }) => sum + value, 0)
}

function tenth(number: number): number {
  return Math.round(number * 10) / 10
}

const LEFT = 52
const TOP = 12
const HEIGHT = 170
const WIDEST = 56
