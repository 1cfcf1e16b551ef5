import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { aReport, rendered } from '../../reports/fixtures/a-report.ts'
import { reportFormatSuite } from '../../reports/report-format.testsuite.ts'
import { htmlReport } from './html-report.ts'

reportFormatSuite(htmlReport)

const page = async (...given: Parameters<typeof aReport>) =>
  (await rendered(htmlReport.render(aReport(...given)))).toString()

/** Names of all elements, and of all attributes, as a browser would come upon them in a page that escapes what it must. */
function markupOf(text: string): { elements: Set<string>; attributes: Set<string> } {
  const tags = [...text.replace(/<style>[\s\S]*?<\/style>/, '').matchAll(/<\/?([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*\/?>/gi)] // prettier-ignore
  return {
    elements: new Set(tags.map(([, name]) => name!.toLowerCase())),
    attributes: new Set(tags.flatMap(([, , rest]) => [...rest!.matchAll(/([\w:-]+)=/g)].map(([, name]) => name!))),
  }
}

describe('a report as a page', () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u0000\u202e&\'<svg/onload=alert(3)>'

  test('runs nothing and loads nothing, and allows nothing to', async () => {
    const text = await page([{}, { decision: 'denied_policy' }])
    const { elements, attributes } = markupOf(text)
    for (const name of ['script', 'img', 'iframe', 'link', 'object', 'form', 'base', 'a'])
      assert.ok(!elements.has(name), name)
    for (const name of attributes) assert.ok(!/^on|^(src|href|style|action)$/.test(name), name)
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    assert.ok(text.includes(`content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`))
    assert.doesNotMatch(style, /url\(|@import/)
    assert.ok(htmlReport.contentPolicy?.includes(hash))
  })

  test('shows every text as a text', async () => {
    const plain = markupOf(await page([{ decision: 'denied_policy', error: 'x', run_id: 'x', output_text: 'x' }]))
    const text = await page(
      [{ decision: hostile, error: hostile, run_id: hostile, output_text: hostile, selected_tool: hostile, reasons: [hostile], guardrail_signals: [{ metric: hostile, category: hostile, action: hostile, confidence: 1, fingerprint: null }] }],
      { name: hostile, model_name: hostile, principal: { id: hostile, name: hostile }, session_id: hostile },
    ) // prettier-ignore
    assert.ok(!text.includes('<script') && !text.includes('<img') && !text.includes('\0'))
    assert.deepEqual(markupOf(text).elements.difference(plain.elements), new Set())
  })

  test('escapes whatever it is given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '/', '=', ' ', '\0'), maxLength: 30 }),
        async text => {
          const shown = await page([{ selected_tool: `${text}<x-mark>`, output_text: text, reasons: [`<x-mark ${text}`] }], { name: text }) // prettier-ignore
          assert.ok(!shown.includes('<x-mark'))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('has a title and a table for each picture, and a caption for each table', async () => {
    const text = await page([{ guardrail_signals: [{ metric: 'pii', category: 'email', action: 'redact', confidence: 1, fingerprint: null }] }, { decision: 'denied_policy' }]) // prettier-ignore
    const figures = text.match(/<figure[\s\S]*?<\/figure>/g) ?? []
    assert.equal(figures.length, 7)
    for (const figure of figures) {
      assert.match(figure, /<svg[^>]* role="img" aria-labelledby="([\w-]+)">\n<title id="\1">[^<]+<\/title>/)
      assert.match(figure, /<details><summary>As a table<\/summary>[\s\S]*<caption>[^<]+<\/caption>/)
    }
    assert.match(text, /^<!doctype html>\n<html lang="en">/)
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  test('stays a page when there is much, and says what it leaves out', async () => {
    const steps = Array.from({ length: 5_000 }, (_, n) => ({
      decision: n % 2 === 0 ? 'ok' : 'denied_policy',
      selected_tool: `t${n}`,
    }))
    const text = await page(steps)
    assert.ok(text.length < 500_000, `${text.length} characters`)
    assert.match(text, /The newest 200 of 2,500; all of them are in the report as JSON or XLSX/)
    assert.match(text, /The newest 200 of 5,000; all of them/)
  })
})
