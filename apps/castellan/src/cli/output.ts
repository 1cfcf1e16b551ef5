/** How a command speaks: a table for people, or one JSON value for programs. */
export interface Output {
  /** The result of the command; `forPeople` renders it for them. */
  result<T>(value: T, forPeople: (value: T) => string): void
  /** A remark for people that is no result; programs that asked for JSON are spared it. */
  note(text: string): void
}

export function output(json: boolean, out: (text: string) => void, err: (text: string) => void): Output {
  return {
    result: (value, forPeople) => out(json ? `${JSON.stringify(value, null, 2)}\n` : ended(forPeople(value))),
    note: text => {
      if (!json) err(ended(text))
    },
  }
}

export type Cell = string | number | boolean | null | undefined

/** Columns as wide as their widest cell; one line a row whatever the cells hold. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows].map(row => row.map(inCell))
  const widths = header.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  return lines
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names and values of one thing, one line each; those without a value are left out. */
export function properties(rows: readonly (readonly [name: string, value: Cell])[]): string {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${inCell(value)}`).join('\n')
}

/** Text from elsewhere without what could steer the terminal or turn its direction; lines and tabs stay. */
export function printable(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '·')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '·')
}

/** The beginning of a text, on one line. */
export function shortened(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line
}

function inCell(cell: Cell): string {
  return cell === null || cell === undefined ? '–' : printable(String(cell)).replace(/[\n\t]/g, ' ')
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
