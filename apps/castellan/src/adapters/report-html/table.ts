import { markup, type Markup } from './markup.ts'

export interface Head {
  readonly name: string
  /** Whether numbers stand in it. */
  readonly number?: boolean
}

/** A table that scrolls by itself where it is too wide, with what it is about as its caption. */
export function table(
  caption: string,
  heads: readonly Head[],
  rows: readonly (readonly (Markup | string | number)[])[],
): Markup {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${heads.map(({ name, number }) => markup`<th scope="col"${number ? markup` class="number"` : null}>${name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  row => markup`<tr>${row.map((cell, index) => markup`<td${heads[index]?.number ? markup` class="number"` : null}>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`
}
