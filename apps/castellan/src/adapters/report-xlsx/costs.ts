import type { ReportSummary } from '@castellan/contracts'
import type { Cell } from './sheet.ts'

/** What models and tools cost. */
export function* costRows({ cost }: ReportSummary): Generator<readonly Cell[]> {
  const names = ['Of', 'Name', 'Steps', 'Tokens in', 'Tokens out', 'Cost', 'Unpriced']
  yield names.map(name => ({ bold: name }))
  for (const each of cost.by_model) {
    const name = each.model_name ?? '(no model)'
    yield ['model', name, each.steps, each.tokens_in, each.tokens_out, { money: each.cost }, each.unpriced]
  }
  for (const each of cost.by_tool)
    yield ['tool', each.tool, each.calls, null, each.tokens, { money: each.cost }, each.unpriced]
  yield [{ bold: 'Total' }, null, null, null, null, { money: cost.total }, cost.unpriced]
}
