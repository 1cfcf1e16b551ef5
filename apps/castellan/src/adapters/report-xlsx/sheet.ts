import { columnName, columnsXml, MAIN, styleOf, textXml, XML } from './spreadsheet-ml.ts'

/** What a cell may hold. Numbers are shown as they are; money, and times (milliseconds since 1970), in their own way. */
export type Cell =
  string | number | null | { readonly bold: string } | { readonly money: number } | { readonly time: number }

export interface Sheet {
  readonly name: string
  /** Of the columns, in characters. */
  readonly widths: readonly number[]
  /** Rows there will be, when the first has the names of the columns: it stays in sight and filters. Null without such a row. */
  readonly table: number | null
  readonly rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>
}

/** The XML of a worksheet, row by row. Source: ECMA-376 part 1, 18.3.1. */
export async function* sheetXml({ widths, table, rows }: Sheet): AsyncGenerator<string> {
  yield `${XML}<worksheet xmlns="${MAIN}">`
  if (table !== null) {
    const pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    yield `<sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews>`
  }
  yield `${columnsXml(widths)}<sheetData>`
  let number = 0
  for await (const row of rows) {
    number++
    yield `<row r="${number}">${row.map((cell, column) => cellXml(cell, columnName(column) + number)).join('')}</row>`
  }
  yield '</sheetData>'
  if (table !== null) yield `<autoFilter ref="A1:${columnName(widths.length - 1)}${table}"/>`
  yield '</worksheet>'
}

function cellXml(cell: Cell, at: string): string {
  if (cell === null || cell === '') return ''
  if (typeof cell === 'string') return textCell(cell, at, looksLikeFormula(cell) ? styleOf.quoted : styleOf.plain)
  if (typeof cell === 'number') return numberCell(cell, at, styleOf.plain)
  if ('bold' in cell) return textCell(cell.bold, at, styleOf.bold)
  if ('money' in cell) return numberCell(cell.money, at, styleOf.money)
  return numberCell(cell.time / DAY + EPOCH, at, styleOf.time)
}

/**
 * Text in the cell itself, which is text whatever it begins with; there is no way from here to a formula. What would be one if somebody
 * typed it is also marked as quoted, so that it stays text when the cell is edited.
 */
function textCell(text: string, at: string, style: number): string {
  return `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${textXml(text)}</t></is></c>`
}

function numberCell(value: number, at: string, style: number): string {
  return `<c r="${at}" s="${style}"><v>${value}</v></c>`
}

function looksLikeFormula(text: string): boolean {
  return /^[=+\-@\t\r\n]/.test(text)
}

/** Milliseconds. */
const DAY = 86_400_000
/** Days from the beginning of the calendar of spreadsheets to 1970. */
const EPOCH = 25_569
