import type { Placed, Report, ReportFormat } from '../../reports/index.ts'
import { costRows } from './costs.ts'
import { sheetXml, type Cell, type Sheet } from './sheet.ts'
import { workbookParts } from './spreadsheet-ml.ts'
import { stepColumns } from './step-columns.ts'
import { summaryRows } from './summary.ts'
import { zipped } from './zip-stream.ts'

/**
 * A workbook with the sheets Summary, MCP_Details, Costs and Denials; what does not fit into one sheet goes on in `MCP_Details_2`. It
 * is written as it is read: neither rows nor sheets are held.
 */
export const xlsxReport: ReportFormat = {
  name: 'xlsx',
  mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  render(report) {
    const sheets = sheetsOf(report)
    return zipped([
      ...workbookParts(sheets.map(({ name }) => name)),
      ...sheets.map((sheet, index) => ({ path: `xl/worksheets/sheet${index + 1}.xml`, text: sheetXml(sheet) })),
    ])
  },
}

function sheetsOf(report: Report): readonly Sheet[] {
  const { total_steps: steps, denials } = report.summary
  const denied = denials.reduce((total, { count }) => total + count, 0)
  return [
    { name: 'Summary', widths: [34, 24, 20, 20, 14, 14, 14, 14, 14, 14], table: null, rows: summaryRows(report) },
    ...stepSheets('MCP_Details', steps, allSteps(report)),
    { name: 'Costs', widths: [12, 44, 12, 14, 14, 16, 12], table: null, rows: costRows(report.summary) },
    ...stepSheets('Denials', denied, report.denied()),
  ]
}

async function* allSteps(report: Report): AsyncGenerator<readonly Placed[]> {
  for (const session of report.sessions) yield* report.steps(session)
}

/** One sheet for so many rows; all of them read on where the one before ended. */
function stepSheets(name: string, count: number, pages: AsyncIterable<readonly Placed[]>): readonly Sheet[] {
  const steps = oneByOne(pages)
  return Array.from({ length: Math.max(1, Math.ceil(count / MOST_ROWS)) }, (_, index) => ({
    name: index === 0 ? name : `${name}_${index + 1}`,
    widths: stepColumns.map(({ width }) => width),
    table: 1 + Math.min(MOST_ROWS, count - index * MOST_ROWS),
    rows: rowsOf(steps),
  }))
}

async function* rowsOf(steps: AsyncIterator<Placed>): AsyncGenerator<readonly Cell[]> {
  yield stepColumns.map(({ name }) => ({ bold: name }))
  for (let row = 0; row < MOST_ROWS; row++) {
    const next = await steps.next()
    if (next.done === true) return
    yield stepColumns.map(({ cell }) => cell(next.value))
  }
}

async function* oneByOne(pages: AsyncIterable<readonly Placed[]>): AsyncGenerator<Placed> {
  for await (const page of pages) yield* page
}

/** Fewer than a sheet can have, so that its XML stays below what the archive can say the size of. */
const MOST_ROWS = 500_000
