import { html, type Markup } from './markup.ts'
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
  const most = Math.max(1, ...all.map(heightOf))
  const step = (width - LEFT - 4) / all.length
  return html`<svg class="columns" viewBox="0 0 ${width} ${HEIGHT + 30}" role="img" aria-labelledby="${id}-about">
<title id="${id}-about">${about}</title>
${[most, most / 2].map(value => line(value, most, width))}<line class="axis" x1="${LEFT}" x2="${width}" y1="${HEIGHT}" y2="${HEIGHT}"/>
${all.map((each, index) => column(each, LEFT + index * step, step, most))}</svg>`
}

function line(value: number, most: number, width: number): Markup {
  // Half of an odd number is no number of steps.
  if (!Number.isInteger(value)) return html``
  const y = tenth(HEIGHT - (value / most) * (HEIGHT - TOP))
  return html`<line class="grid" x1="${LEFT}" x2="${width}" y1="${y}" y2="${y}"/><text class="label" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${count(value)}</text>
`
}

function column({ label, whole, parts }: Column, left: number, step: number, most: number): Markup {
  const gap = Math.min(6, step * 0.2)
  let top = HEIGHT
  const drawn = parts
    .filter(({ value }) => value > 0)
    .map(({ value, tone }) => {
      const height = tenth(Math.max(1, (value / most) * (HEIGHT - TOP)))
      top = tenth(top - height)
      return html`<rect class="${tone}" x="${tenth(left + gap / 2)}" y="${top}" width="${tenth(step - gap)}" height="${height}"/>`
    })
  const under = label === '' ? null : html`<text class="label" x="${tenth(left + step / 2)}" y="${HEIGHT + 18}" text-anchor="middle">${label}</text>` // prettier-ignore
  return html`<g><title>${whole}</title>${drawn}${under}</g>
`
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
