import { canonicalize } from '../../kernel/index.ts'
import type { ReportFormat } from '../../reports/index.ts'

/** The whole of a report as one JSON value (`Report` of the contracts), its keys in order; one step a line. */
export const jsonReport: ReportFormat = {
  name: 'json',
  mediaType: 'application/json',
  async *render(report) {
    yield '{"mcp_details":{"sessions":['
    let between = ''
    for (const session of report.sessions) {
      const { totals, ...about } = session
      // Between these two, in the order of their names.
      yield `${between}\n${canonicalize(about).slice(0, -1)},"steps":[`
      between = ''
      for await (const placed of report.steps(session)) {
        yield placed.map(({ step }, index) => `${index === 0 ? between : ','}\n${canonicalize(step)}`).join('')
        between = ','
      }
      yield `],"totals":${canonicalize(totals)}}`
      between = ','
    }
    const { scope, sees } = report
    yield `],\n"summary":${canonicalize(report.summary)}},\n"report":${canonicalize({ scope, sees, version: 1 })}}\n`
  },
}
