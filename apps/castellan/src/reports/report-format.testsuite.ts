import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aReport, rendered } from './fixtures/a-report.ts'
import type { ReportFormat } from './report.ts'

/** What everything promises that makes a file of a report. */
export function reportFormatSuite(format: ReportFormat): void {
  describe(`${format.name} is a format of reports`, () => {
    const steps = Array.from({ length: 250 }, (_, index) => ({
      decision: index % 7 === 0 ? 'denied_policy' : 'ok',
      selected_tool: `files__tool_${index % 3}`,
      output_text: `text ${index}`,
    }))

    test('the same report becomes the same bytes', async () => {
      const [one, again] = [
        await rendered(format.render(aReport(steps))),
        await rendered(format.render(aReport(steps))),
      ]
      assert.ok(one.length > 1_000)
      assert.ok(one.equals(again))
    })

    test('another report becomes others', async () => {
      const [one, other] = [await rendered(format.render(aReport(steps))), await rendered(format.render(aReport(steps.slice(1))))] // prettier-ignore
      assert.ok(!one.equals(other))
    })

    test('a report without a step is one, too', async () => {
      assert.ok((await rendered(format.render(aReport([])))).length > 100)
    })

    test('what goes wrong while it is read is thrown, and not the end of the file', async () => {
      const report = aReport(steps)
      const broken = async function* () {
        yield* []
        throw new Error('the store is gone')
      }
      const failing = { ...report, steps: broken, denied: broken, latest: broken }
      await assert.rejects(rendered(format.render(failing)), /the store is gone/)
    })

    test('nothing is read before it is asked for', async () => {
      let pages = 0
      const report = aReport(steps)
      const counting = {
        ...report,
        async *steps() {
          for (;;) {
            pages++
            for await (const page of report.steps(report.sessions[0]!)) yield page
          }
        },
      }
      const parts = format.render(counting)[Symbol.asyncIterator]()
      for (let part = 0; part < 3; part++) await parts.next()
      await parts.return?.()
      assert.ok(pages < 50, `${pages} times all steps were read for three parts`)
    })
  })
}
