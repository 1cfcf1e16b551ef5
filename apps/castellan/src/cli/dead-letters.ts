import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { everyPortion } from './every-portion.ts'
import { everything } from './everything.ts'
import { only } from './only.ts'
import { printable, table } from './output.ts'

export function deadLettersCommand(program: Command, line: CommandLine): void {
  const letters = program.command('dead-letters').description('What could not be delivered')
  letters
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List what could not be delivered, the newest first')
    .option('--subscription <name>', 'Only of this one')
    .action(async ({ subscription }: { subscription?: string }) => {
      const { deadLetters } = line.controlPlane()
      const wanted = subscription === undefined ? {} : { subscription }
      const all = await line.during(
        'asking for them',
        everything(page => deadLetters.list({ ...page, ...wanted })),
      )
      line.speak().result(all, list =>
        table(
          ['id', 'died', 'offset', 'type', 'stream', 'attempts', 'why'],
          list.map(each => [
            each.id,
            each.died_at,
            String(each.offset),
            each.event.type,
            each.event.subject,
            String(each.attempts),
            printable(each.why),
          ]),
        ),
      )
    })
  letters
    .command('redrive <id>')
    .description('Have one delivered once more')
    .action(async (id: string) => {
      await line.during('saying so', line.controlPlane().deadLetters.redrive(id))
      line.speak().result({ redriven: id }, () => `${id} is on its way again.`)
    })
  letters
    .command('drop [id]')
    .description('Forget one, or all of a subscription; the entries stay in the journal')
    .option('--subscription <name>', 'All of this one')
    .action(async (id: string | undefined, { subscription }: { subscription?: string }) => {
      const { deadLetters, subscriptions } = line.controlPlane()
      if (only({ id, subscription }, 'say what is dropped: an id, or --subscription') === 'id') {
        await line.during('saying so', deadLetters.drop(id!))
        line.speak().result({ dropped: id }, () => `Dropped ${id}.`)
      } else {
        const { count, left } = await line.during(
          'saying so',
          everyPortion('dropped', page => subscriptions.dropDeadLetters(subscription!, page)),
        )
        line.speak().result({ dropped: count, left }, ({ dropped }) => `Dropped ${dropped}.`)
      }
    })
}
