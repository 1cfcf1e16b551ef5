import type { ModelPrices, Price, PriceInput } from '@castellan/contracts'
import type { Command } from 'commander'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface ToolOptions {
  readonly tools: string
  readonly perCall?: string
  readonly perArgument?: readonly string[]
  readonly perKb?: string
  readonly tokensPerCall?: string
  readonly tokensPerKb?: string
  readonly mostKb?: string
}

interface ModelOptions {
  readonly model: string
  readonly input: string
  readonly output: string
  readonly cached?: string
}

export function pricesCommand(program: Command, line: CommandLine): void {
  const prices = program.command('prices').description('What tools and models cost')
  prices
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the prices that were set here')
    .action(async () => {
      const plane = line.controlPlane()
      const all = await line.during(
        'asking for the prices',
        everything(page => plane.prices.list(page)),
      )
      line.speak().result(all, list => table(['name', 'of', 'price'], list.map(row)))
    })
  prices
    .command('models')
    .description('List what models cost for a million tokens, prices of your own first')
    .action(async () => {
      const known = await line.during('asking for the prices of models', line.controlPlane().prices.models())
      line.speak().result(known, inWords)
    })
  setCommand(prices, line)
  setModelCommand(prices, line)
  prices
    .command('remove <name>')
    .description('Remove a price')
    .action(async (name: string) => {
      await line.during(`removing ${name}`, line.controlPlane().prices.remove(name))
      line.speak().result({ removed: name }, () => `Removed ${name}.`)
    })
}

function setCommand(prices: Command, line: CommandLine): void {
  prices
    .command('set <name>')
    .description("Say what calls of tools cost: castellan prices set mail --tools 'mail/*' --per-call 0.002")
    .requiredOption('--tools <pattern>', "Which tools, such as 'mail/send_*'; the most precise pattern decides")
    .option('--per-call <money>', 'For each call')
    .option('--per-argument <name=rate...>', 'For each 1 of an argument, such as amount=0.01 (may be repeated)')
    .option('--per-kb <money>', 'For each 1,024 bytes of the result')
    .option('--tokens-per-call <number>', 'Tokens for each call')
    .option('--tokens-per-kb <number>', 'Tokens for each 1,024 bytes of the result')
    .option('--most-kb <number>', 'How large a result to reserve for (default: 64)')
    .action(async (name: string, options: ToolOptions) => {
      const number = (flag: string, given: string | undefined) => wholeNumber(flag, given)
      const [mostKb, tokensPerCall, tokensPerKb] = [
        number('--most-kb', options.mostKb),
        number('--tokens-per-call', options.tokensPerCall),
        number('--tokens-per-kb', options.tokensPerKb),
      ]
      await set(line, name, {
        tools: options.tools,
        per_call: moneyOf('--per-call', options.perCall ?? '0'),
        per_argument: (options.perArgument ?? []).map(rateOf),
        per_kb: moneyOf('--per-kb', options.perKb ?? '0'),
        ...(tokensPerCall === undefined ? {} : { tokens_per_call: tokensPerCall }),
        ...(tokensPerKb === undefined ? {} : { tokens_per_kb: tokensPerKb }),
        ...(mostKb === undefined ? {} : { most_kb: mostKb }),
      })
    })
}

function setModelCommand(prices: Command, line: CommandLine): void {
  prices
    .command('set-model <name>')
    .description('Say what a model costs here, in place of the table: for a million tokens')
    .requiredOption('--model <pattern>', "Which, such as 'openai/gpt-5*'; the most precise pattern decides")
    .requiredOption('--input <money>', 'For input')
    .requiredOption('--output <money>', 'For output')
    .option('--cached <money>', 'For input from the cache of the provider (default: as any other)')
    .action((name: string, { model, input, output, cached }: ModelOptions) =>
      set(line, name, {
        model,
        input: moneyOf('--input', input),
        output: moneyOf('--output', output),
        cached: cached === undefined ? null : moneyOf('--cached', cached),
      }),
    )
}

async function set(line: CommandLine, name: string, wish: PriceInput): Promise<void> {
  const made = await line.during(`setting ${name}`, line.controlPlane().prices.put(name, wish))
  line.speak().result(made, price => `Set ${row(price).join(': ')}.`)
}

function row(price: Price): string[] {
  if ('model' in price) return [price.name, price.model, modelPrice(price)]
  const parts = [
    ...(price.per_call > 0 ? [`${price.per_call} a call`] : []),
    ...price.per_argument.map(({ argument, rate }) => `${rate} × ${argument}`),
    ...(price.per_kb > 0 ? [`${price.per_kb} a KB`] : []),
    ...(price.tokens_per_call > 0 ? [`${price.tokens_per_call} tokens a call`] : []),
    ...(price.tokens_per_kb > 0 ? [`${price.tokens_per_kb} tokens a KB`] : []),
  ]
  return [price.name, price.tools, parts.length === 0 ? 'free' : parts.join(' + ')]
}

function modelPrice({ input, output, cached }: { input: number; output: number; cached: number | null }): string {
  return `${input} in, ${output} out${cached === null ? '' : `, ${cached} cached`}`
}

function inWords({ table: { version, date }, items }: ModelPrices): string {
  const rows = items.map(each => [each.model, each.input, each.output, each.cached, each.from])
  return `${table(['model', 'input', 'output', 'cached', 'from'], rows)}\nTable ${version} of ${date}, in US dollars for a million tokens.`
}

/** Throws `REQUEST_INVALID`. */
function moneyOf(flag: string, given: string): number {
  if (/^\d{1,9}(\.\d{1,6})?$/.test(given)) return Number(given)
  throw fault('REQUEST_INVALID', { why: `${flag} must be an amount such as 0.002, not "${given}"` })
}

function rateOf(given: string): { argument: string; rate: number } {
  const [, argument, rate] = /^(.+)=(\d{1,9}(?:\.\d{1,12})?)$/s.exec(given) ?? []
  if (argument !== undefined) return { argument, rate: Number(rate) }
  throw fault('REQUEST_INVALID', {
    why: `--per-argument must be a name and a rate such as amount=0.01, not "${given}"`,
  })
}
