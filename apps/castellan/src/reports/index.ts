export type { Placed, Report, ReportFormat } from './report.ts'
export { Reports } from './reports.ts'
export { fateOf } from './timeline.ts'
