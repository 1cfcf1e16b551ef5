import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unzipSync } from 'fflate'
import readXlsxFile from 'read-excel-file/node'
import { fc } from '../../../../../tests/support/properties.ts'
import { aReport, rendered } from '../../reports/fixtures/a-report.ts'
import { reportFormatSuite } from '../../reports/report-format.testsuite.ts'
import { xlsxReport } from './xlsx-report.ts'

reportFormatSuite(xlsxReport)

/** The cells of each sheet, as a reader that others wrote sees them. */
async function sheetsOf(bytes: Buffer): Promise<Readonly<Record<string, readonly (readonly unknown[])[]>>> {
  const sheets = await readXlsxFile(bytes)
  return Object.fromEntries(sheets.map(({ sheet, data }) => [sheet, data]))
}

const workbook = (...given: Parameters<typeof aReport>) => rendered(xlsxReport.render(aReport(...given)))

describe('a report as a workbook', () => {
  test('has its four sheets, which another reader opens', async () => {
    const sheets = await sheetsOf(
      await workbook([
        {},
        { decision: 'denied_policy', guard: 'policy', reasons: ['nobody may'], guardrail_signals: [{ metric: 'pii', category: 'email', action: 'redact', confidence: 1, fingerprint: null }], reused_fingerprints: ['abc'] },
        { selected_tool: null, role: 'user', channel: 'user_to_llm', cost_est: null },
      ]), // prettier-ignore
    )
    assert.deepEqual(Object.keys(sheets), ['Summary', 'MCP_Details', 'Costs', 'Denials'])
    const [head, first, second] = sheets['MCP_Details']!
    assert.deepEqual(head!.slice(0, 12), ['Session', 'Step', 'Role', 'Channel', 'Tool', 'Decision', 'Latency (ms)', 'Tokens in', 'Tokens out', 'Cost', 'Violations', 'Reused fingerprints']) // prettier-ignore
    assert.deepEqual(first!.slice(1, 10), [1, 'assistant', 'llm_to_tool', 'files__read', 'ok', 1, 10, 1, 0.0001])
    assert.deepEqual(second!.slice(10, 12), ['pii/email redact', 'abc'])
    assert.equal(sheets['MCP_Details']!.length, 4)
    assert.equal(sheets['Denials']!.length, 2)
    assert.ok(sheets['Denials']![1]!.includes('nobody may'))
    assert.ok(sheets['Summary']!.some(([name, value]) => name === 'Steps' && value === 3))
    assert.ok(sheets['Costs']!.some(row => row[0] === 'model' && row[1] === 'openai/gpt-5-mini' && row[6] === 1))
  })

  test('has no formula, whatever a text begins with', async () => {
    const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '=cmd|" /C calc"!A0', '\t=1', '=HYPERLINK("http://x")']
    const bytes = await workbook(hostile.map(text => ({ selected_tool: text, output_text: text, error: text })), { name: '=2+2' }) // prettier-ignore
    for (const [path, xml] of Object.entries(unzipSync(bytes)))
      assert.doesNotMatch(Buffer.from(xml).toString(), /<f[ >]|t="str"/, path)
    const tools = (await sheetsOf(bytes))['MCP_Details']!.slice(1).map(row => row[4])
    assert.deepEqual(tools, hostile.map(text => text.trim())) // prettier-ignore
  })

  test('holds what XML cannot and what is longer than a cell, cut and replaced', async () => {
    const bytes = await workbook([{ output_text: 'a\0b\u0001c\uffffd\ud800e', error: 'x'.repeat(40_000), reasons: ['_x0041_ <b>&amp;</b>'] }]) // prettier-ignore
    const [, row] = (await sheetsOf(bytes))['MCP_Details']!
    assert.ok(row!.includes('a\ufffdb\ufffdc\ufffdd\ufffde'))
    const long = row!.find(cell => typeof cell === 'string' && cell.startsWith('xxx')) as string
    assert.equal(long.length, 32_767)
    const xml = Buffer.from(unzipSync(bytes)['xl/worksheets/sheet2.xml']!).toString()
    assert.ok(xml.includes('_x005F_x0041_ &lt;b&gt;&amp;amp;&lt;/b&gt;'))
  })

  test('is the same in every time zone', async () => {
    const { TZ } = process.env
    try {
      process.env.TZ = 'Pacific/Auckland'
      const there = await workbook([{}])
      process.env.TZ = 'America/Los_Angeles'
      assert.ok(there.equals(await workbook([{}])))
    } finally {
      if (TZ === undefined) delete process.env.TZ
      else process.env.TZ = TZ
    }
  })

  test('can be opened again, whatever texts are in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async text => {
        const sheets = await sheetsOf(await workbook([{ selected_tool: text, output_text: text }], { name: text }))
        assert.equal(sheets['MCP_Details']!.length, 2)
      }),
      { numRuns: 60 },
    )
  })
})
