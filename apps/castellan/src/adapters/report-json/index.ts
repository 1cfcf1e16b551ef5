export { jsonReport } from './json-report.ts'
