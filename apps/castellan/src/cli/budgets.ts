import type { Budget, BudgetInput, BudgetUsage } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import { fault, formatDuration, notFound, parseDuration } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { everything } from './everything.ts'
import { properties, table } from './output.ts'

type Unit = Budget['unit']
type To = NonNullable<BudgetInput['to']>

interface SetOptions {
  readonly unit: Unit
  readonly limit: string
  readonly soft?: string
  readonly grace?: string
  readonly window: Budget['window']
  readonly to: string
  readonly overSoft: Budget['over_soft']
}

export function budgetsCommand(program: Command, line: CommandLine): void {
  const budgets = program.command('budgets').description('What may be spent, and what is')
  listCommand(budgets, line)
  showCommand(budgets, line)
  setCommand(budgets, line)
  budgets
    .command('remove <name>')
    .description('Remove a budget, and what was counted for it')
    .action(async (name: string) => {
      await line.during(`removing ${name}`, line.controlPlane().budgets.remove(name))
      line.speak().result({ removed: name }, () => `Removed ${name}.`)
    })
}

function listCommand(budgets: Command, line: CommandLine): void {
  budgets
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the budgets')
    .action(async () => {
      const plane = line.controlPlane()
      const all = await line.during(
        'asking for the budgets',
        everything(page => plane.budgets.list(page)),
      )
      line.speak().result(all, list =>
        table(
          ['name', 'whose', 'unit', 'soft', 'limit', 'grace', 'window', 'beyond soft'],
          list.map(each => [
            each.name,
            whose(each),
            each.unit,
            each.soft === null ? null : shown(each.unit, each.soft),
            shown(each.unit, each.limit),
            shown(each.unit, each.grace),
            each.window,
            each.soft === null ? null : each.over_soft,
          ]),
        ),
      )
    })
}

function showCommand(budgets: Command, line: CommandLine): void {
  budgets
    .command('show <name>')
    .description('Show one budget and what is spent of it')
    .action(async (name: string) => {
      const plane = line.controlPlane()
      const usage = await line.during(`asking for ${name}`, wholeUsage(plane, name))
      line.speak().result(usage, inWords)
    })
}

function setCommand(budgets: Command, line: CommandLine): void {
  budgets
    .command('set <name>')
    .description('Make a budget or change it: castellan budgets set month --unit money --limit 100 --window month')
    .addOption(
      new Option('--unit <unit>', 'What is counted')
        .choices(['money', 'tokens', 'calls', 'time'])
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--limit <amount>',
      'Once so much is spent and reserved, no call begins; time as a duration such as 2h',
    )
    .option('--soft <amount>', 'Where the journal warns, or each call needs approval')
    .option('--grace <amount>', 'How far calls that began within the limit may go beyond it (default: 0)')
    .addOption(
      new Option('--window <window>', 'When it begins anew, in UTC')
        .choices(['total', 'hour', 'day', 'month'])
        .default('total'),
    )
    .option(
      '--to <whom>',
      'Whose calls count: tenant, principal:<name>, agent:<name>, run:<id>, or each:principal, each:agent, each:run',
      'tenant',
    )
    .addOption(
      new Option('--over-soft <what>', 'What calls meet beyond the soft limit')
        .choices(['warn', 'approve'])
        .default('warn'),
    )
    .action(async (name: string, options: SetOptions) => {
      const { unit, window, overSoft, soft } = options
      const plane = line.controlPlane()
      const wish: BudgetInput = {
        to: await recipientOf(options.to, plane),
        unit,
        limit: amountOf('--limit', unit, options.limit),
        soft: soft === undefined ? null : amountOf('--soft', unit, soft),
        grace: options.grace === undefined ? 0 : amountOf('--grace', unit, options.grace),
        window,
        over_soft: overSoft,
      }
      const set = await line.during(`setting ${name}`, plane.budgets.put(name, wish))
      line.speak().result(set, ({ limit }) => `Set ${name}: ${shown(unit, limit)} ${unit}, ${whose(set)}, ${window}.`)
    })
}

async function wholeUsage(plane: ControlPlane, name: string): Promise<BudgetUsage> {
  let first: BudgetUsage | undefined
  const items = await everything(async page => (first = await plane.budgets.usage(name, page)))
  return { ...first!, items, next: null }
}

function inWords({ budget, period, resets_at: resetsAt, items }: BudgetUsage): string {
  const { unit, limit, grace, soft } = budget
  const facts = properties([
    ['budget', budget.name],
    ['whose', whose(budget)],
    ['unit', unit],
    ['limit', shown(unit, limit)],
    ['grace', grace === 0 ? null : shown(unit, grace)],
    ['soft', soft === null ? null : `${shown(unit, soft)} (${budget.over_soft})`],
    ['window', `${budget.window}${period === 'total' ? '' : `, now ${period}`}`],
    ['begins anew', resetsAt],
    ['set from above', budget.imposed ? 'yes' : null],
  ])
  if (items.length === 0) return `${facts}\n\nNothing is spent.`
  const rows = items.map(({ subject, spent, reserved, unpriced }) => [
    subject ?? 'tenant',
    shown(unit, spent),
    shown(unit, reserved),
    unpriced,
  ])
  return `${facts}\n\n${table(['whose', 'spent', 'reserved', 'unpriced calls'], rows)}`
}

function whose({ to }: Budget): string {
  if (to === 'tenant') return to
  const [[kind, id] = ['', '']] = Object.entries(to)
  return `${kind}:${id}`
}

function shown(unit: Unit, amount: number): string {
  return unit === 'time' && amount > 0 ? formatDuration(amount) : String(amount)
}

/** An amount as the contract takes it. Throws `REQUEST_INVALID` or `DURATION_INVALID`. */
function amountOf(flag: string, unit: Unit, given: string): number {
  if (unit === 'time' && /[a-z]$/.test(given)) return parseDuration(given)
  if (/^\d{1,12}(\.\d{1,6})?$/.test(given)) return Number(given)
  throw fault('REQUEST_INVALID', { why: `${flag} must be an amount such as 20 or 12.50, not "${given}"` })
}

/** Throws `REQUEST_INVALID`, and `NOT_FOUND` for a principal that is not there. */
async function recipientOf(given: string, plane: ControlPlane): Promise<To> {
  if (given === 'tenant') return given
  const [, kind, who = ''] = /^(principal|agent|run|each):(.+)$/s.exec(given) ?? []
  if (kind === 'run') return { run: who }
  if (kind === 'principal') return { principal: await idOf(who, plane) }
  if (kind === 'agent') return { agent: await idOf(who, plane) }
  if (kind === 'each' && (who === 'principal' || who === 'agent' || who === 'run')) return { each: who }
  throw fault('REQUEST_INVALID', {
    why: `--to must be tenant, principal:<name>, agent:<name>, run:<id>, or each:principal, each:agent or each:run, not "${given}"`,
  })
}

async function idOf(name: string, plane: ControlPlane): Promise<string> {
  const all = await everything(page => plane.principals.list(page))
  const found = all.find(each => each.id === name || each.name === name.normalize('NFC'))
  if (!found) throw notFound('principal', name)
  return found.id
}
