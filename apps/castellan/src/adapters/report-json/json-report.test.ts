import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { report as reportSchema } from '@castellan/contracts'
import { canonicalize } from '../../kernel/index.ts'
import { aReport, rendered } from '../../reports/fixtures/a-report.ts'
import { reportFormatSuite } from '../../reports/report-format.testsuite.ts'
import { jsonReport } from './json-report.ts'

reportFormatSuite(jsonReport)

describe('a report as JSON', () => {
  const textOf = async (...given: Parameters<typeof aReport>) =>
    (await rendered(jsonReport.render(aReport(...given)))).toString()

  test('is what the contract says, with its keys in order', async () => {
    const text = await textOf([{}, { decision: 'denied_policy', reasons: ['"quoted"'] }])
    const parsed = JSON.parse(text) as unknown
    assert.deepEqual(reportSchema.parse(parsed), parsed)
    assert.equal(text.replaceAll('\n', ''), canonicalize(parsed))
  })

  test('has a step on each line', async () => {
    const lines = (await textOf([{}, {}, {}])).split('\n').filter(line => line.includes('"selected_tool"'))
    assert.equal(lines.length, 3)
  })

  test('says at the end what it all came to', async () => {
    const { mcp_details: details } = reportSchema.parse(JSON.parse(await textOf([{}, { decision: 'denied_policy', call_id: 'c' }]))) // prettier-ignore
    assert.deepEqual(details.summary.decisions, { denied_policy: 1, ok: 1 })
    assert.equal(details.summary.total_steps, 2)
    assert.equal(details.sessions[0]?.totals.denied, 1)
  })
})
