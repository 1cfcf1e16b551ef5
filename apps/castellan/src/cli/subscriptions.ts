import { type Subscription, subscriptionInput, type SubscriptionCreate } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import type { CommandLine } from './command-line.ts'
import { everyPortion } from './every-portion.ts'
import { everything } from './everything.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function subscriptionsCommand(program: Command, line: CommandLine): void {
  const subscriptions = program.command('subscriptions').description('Who is handed what of the journal')
  subscriptions
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the subscriptions, and how far they have got')
    .action(async () => {
      const all = await line.during('asking for them', everything(line.controlPlane().subscriptions.list))
      line.speak().result(all, list =>
        table(
          ['name', 'topic', 'state', 'behind', 'pending', 'delivered', 'dead letters', 'trouble'],
          list.map(each => [
            each.name,
            each.topic,
            stateOf(each),
            String(each.standing.behind),
            String(each.standing.pending),
            String(each.standing.delivered),
            String(each.standing.dead_letters),
            printable(each.standing.trouble ?? ''),
          ]),
        ),
      )
    })
  subscriptions
    .command('show <subscription>')
    .description('Show one, by id or name')
    .action(async (id: string) => {
      const shown = await line.during('asking for it', line.controlPlane().subscriptions.get(id))
      line.speak().result(shown, inWords)
    })
  createCommand(subscriptions, line)
  subscriptions
    .command('pause <subscription>')
    .description('Hand nothing more over; what matches meanwhile waits')
    .option('--reason <text>', 'Why; it is kept in the journal')
    .action(async (id: string, { reason }: { reason?: string }) => {
      const paused = await line.during('saying so', line.controlPlane().subscriptions.pause(id, reason))
      line.speak().result(paused, ({ name }) => `${name} is paused.`)
    })
  subscriptions
    .command('resume <subscription>')
    .description('Go on, with what waits first')
    .action(async (id: string) => {
      const resumed = await line.during('saying so', line.controlPlane().subscriptions.resume(id))
      line.speak().result(resumed, ({ name, standing }) => `${name} goes on; ${standing.pending} wait.`)
    })
  subscriptions
    .command('deliveries <subscription>')
    .description('List what is on its way and has not arrived')
    .action(async (id: string) => {
      const { subscriptions: api } = line.controlPlane()
      const all = await line.during(
        'asking for them',
        everything(page => api.deliveries(id, page)),
      )
      line.speak().result(all, list =>
        table(
          ['offset', 'type', 'stream', 'state', 'attempts', 'next', 'why'],
          list.map(each => [
            String(each.offset),
            each.event.type,
            each.event.subject,
            each.state,
            String(each.attempts),
            each.next_at ?? '',
            printable(each.why ?? ''),
          ]),
        ),
      )
    })
  subscriptions
    .command('redrive <subscription>')
    .description('Have every dead letter of it delivered once more')
    .action(async (id: string) => {
      const { subscriptions: api } = line.controlPlane()
      const { count, left } = await line.during(
        'saying so',
        everyPortion('redriven', page => api.redriveDeadLetters(id, page)),
      )
      line.speak().result({ redriven: count, left }, ({ redriven }) => `${redriven} are on their way again.`)
    })
  subscriptions
    .command('remove <subscription>')
    .description('Remove one with all that is on its way, and its dead letters')
    .action(async (id: string) => {
      await line.during('removing it', line.controlPlane().subscriptions.remove(id))
      line.speak().result({ removed: id }, () => `Removed ${id}.`)
    })
}

interface CreateOptions {
  readonly topic: string
  readonly url: string
  readonly secret: string
  readonly principal?: string
  readonly streamPrefix?: string
  readonly order?: 'stream' | 'none'
  readonly concurrency?: string
  readonly attempts?: string
  readonly start?: 'now' | 'beginning'
  readonly after?: string
}

function createCommand(subscriptions: Command, line: CommandLine): void {
  subscriptions
    .command('create <name>')
    .description('Have entries of the journal handed over')
    .requiredOption('--topic <pattern>', 'What: * is one level, a final > the rest')
    .requiredOption('--url <url>', 'Where to')
    .requiredOption('--secret <name>', 'The stored secret that signs what is sent')
    .option('--principal <id>', 'Only what this principal caused')
    .option('--stream-prefix <text>', 'Only of streams that begin so, such as run:')
    .addOption(
      new Option('--order <order>', 'Of one stream one after the other (default), or each by itself').choices(
        subscriptionInput.shape.order.unwrap().options,
      ),
    )
    .option('--concurrency <number>', 'Deliveries under way at once')
    .option('--attempts <number>', 'Attempts before an entry is given up')
    .addOption(new Option('--start <when>', 'With what to begin (default: now)').choices(['now', 'beginning']))
    .addOption(new Option('--after <offset>', 'Begin after this offset').conflicts('start'))
    .action(async (name: string, options: CreateOptions) => {
      const made = await line.during('saying so', line.controlPlane().subscriptions.create(wishFrom(name, options)))
      line.speak().result(made, ({ topic, webhook }) => `${name} hands ${topic} over to ${webhook.url}.`)
    })
}

function wishFrom(name: string, options: CreateOptions): SubscriptionCreate {
  const { topic, url, secret, principal, streamPrefix, order, start } = options
  const concurrency = wholeNumber('--concurrency', options.concurrency)
  const attempts = wholeNumber('--attempts', options.attempts)
  const after = wholeNumber('--after', options.after)
  return {
    name,
    topic,
    webhook: { url, secret },
    ...(principal === undefined ? {} : { principal }),
    ...(streamPrefix === undefined ? {} : { stream_prefix: streamPrefix }),
    ...(order === undefined ? {} : { order }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(attempts === undefined ? {} : { retry: { max_attempts: attempts } }),
    ...(start === undefined ? {} : { start }),
    ...(after === undefined ? {} : { start: { after } }),
  }
}

function stateOf({ paused, standing }: Subscription): string {
  if (paused !== null) return 'paused'
  return standing.failures > 0 ? 'failing' : 'active'
}

function inWords(subscription: Subscription): string {
  const { standing, retry, paused } = subscription
  return properties([
    ['name', subscription.name],
    ['id', subscription.id],
    ['topic', subscription.topic],
    ['principal', subscription.principal ?? 'any'],
    ['streams', subscription.stream_prefix === null ? 'any' : `${subscription.stream_prefix}…`],
    ['to', subscription.webhook.url],
    ['order', subscription.order === 'stream' ? 'one after the other in a stream' : 'none'],
    ['at once', String(subscription.concurrency)],
    ['attempts', `${retry.max_attempts}, with pauses from ${retry.first_pause} to ${retry.longest_pause}`],
    ['state', paused === null ? stateOf(subscription) : `paused since ${paused.at}: ${printable(paused.why)}`],
    ['cursor', `${standing.cursor}, ${standing.behind} behind`],
    ['pending', String(standing.pending)],
    ['delivered', String(standing.delivered)],
    ['dead letters', String(standing.dead_letters)],
    ['trouble', printable(standing.trouble ?? 'none')],
  ])
}
