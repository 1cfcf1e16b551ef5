import type { ReportFormat } from '../reports/index.ts'

/** What a report can be made into; a new format is one more line here, and its name in the contracts. */
export async function reportFormat(name: ReportFormat['name']): Promise<ReportFormat> {
  switch (name) {
    case 'json':
      return (await import('../adapters/report-json/index.ts')).jsonReport
    case 'xlsx':
      return (await import('../adapters/report-xlsx/index.ts')).xlsxReport
    case 'html':
      return (await import('../adapters/report-html/index.ts')).htmlReport
    default:
      throw name satisfies never
  }
}
