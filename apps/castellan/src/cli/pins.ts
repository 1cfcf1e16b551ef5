import { pinState, type Pin, type PinDetail } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { properties, shortened, table } from './output.ts'
import { lineDiff } from './pins/line-diff.ts'
import { revealed } from './pins/revealed.ts'

export function pinsCommand(program: Command, line: CommandLine): void {
  const pins = program.command('pins').description('What was reviewed of what servers offer, and what waits for review')
  listCommand(pins, line)
  showCommand(pins, line)
  decideCommand(pins, line, 'approve', 'Let the definition with this digest be offered and called')
  decideCommand(pins, line, 'reject', 'Say no to the definition with this digest, or take back that it was approved')
}

function listCommand(pins: Command, line: CommandLine): void {
  pins
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the definitions that wait for review; --state pinned lists those that may be used')
    .addOption(
      new Option('--state <state>', 'What to list').choices([...pinState.options, 'all']).default('quarantined'),
    )
    .option('--server <name>', 'Only those of one server')
    .action(async ({ state, server }: { state: Pin['state'] | 'all'; server?: string }) => {
      const plane = line.controlPlane()
      const filter = { ...(state === 'all' ? {} : { state }), ...(server === undefined ? {} : { server }) }
      const all = await line.during(
        'asking for the pins',
        everything(page => plane.pins.list({ ...page, ...filter })),
      )
      line.speak().result(all, list =>
        list.length === 0
          ? state === 'quarantined'
            ? 'Nothing waits for review.'
            : 'There is nothing of the kind.'
          : table(
              ['id', 'server', 'kind', 'name', 'state', 'why'],
              list.map(pin => [pin.id, pin.server, pin.primitive_type, revealed(pin.name), stateOf(pin), whyOf(pin)]),
            ),
      )
    })
}

function showCommand(pins: Command, line: CommandLine): void {
  pins
    .command('show <id>')
    .description('Show what was reviewed, what waits, and in what they differ')
    .action(async (id: string) => {
      const pin = await line.during('asking for the pin', line.controlPlane().pins.get(id))
      line.speak().result(pin, describe)
    })
}

function decideCommand(pins: Command, line: CommandLine, decision: 'approve' | 'reject', about: string): void {
  pins
    .command(`${decision} <id> <digest>`)
    .description(about)
    .action(async (id: string, digest: string) => {
      const pin = await line.during(`deciding about ${id}`, line.controlPlane().pins[decision](id, digest))
      const done = decision === 'approve' ? 'is pinned and may be used' : 'may not be used'
      line
        .speak()
        .result(
          pin,
          () => `The ${pin.primitive_type} ${revealed(pin.name)} of ${pin.server} ${done} as defined by ${digest}.`,
        )
    })
}

function stateOf({ state, enforced }: Pin): string {
  return state !== 'pinned' && !enforced ? `${state} (not enforced)` : state
}

function whyOf({ approved, waiting }: Pin): string {
  if (waiting === null) return approved ? howApproved[approved.how] : ''
  const risky = waiting.changes.filter(change => change.risky)
  return shortened(revealed(risky.map(change => `${change.class}: ${change.what}`).join('; ')), 100)
}

const howApproved = {
  first_use: 'trusted as it was seen first; nobody reviewed it',
  harmless: 'changed in harmless ways since it was reviewed or seen first',
  review: 'reviewed by a person',
} as const

function describe(pin: PinDetail): string {
  const { approved, waiting } = pin
  return [
    properties([
      ['id', pin.id],
      ['server', pin.server],
      ['kind', pin.primitive_type],
      ['name', revealed(pin.name)],
      ['state', stateOf(pin)],
      ['pinned', approved && `${approved.digest}, ${approved.at} by ${approved.by}: ${howApproved[approved.how]}`],
      ['waiting', waiting && `${waiting.digest}, since ${waiting.since}`],
      ['rejected', waiting?.rejected && `${waiting.rejected.at} by ${waiting.rejected.by}`],
    ]),
    ...(waiting === null ? [] : ['', 'what is different:']),
    ...(waiting?.changes ?? []).map(
      ({ class: kind, risky, at, what }) =>
        `  ${risky ? 'risky   ' : 'harmless'}  ${kind}${at === '' ? '' : ` at ${revealed(at)}`}: ${revealed(what)}`,
    ),
    '',
    ...(waiting === null ? pretty(pin.was) : lineDiff(pretty(pin.was), pretty(pin.is))),
    ...(waiting === null ? [] : ['', `castellan pins approve ${pin.id} ${waiting.digest}`]),
  ].join('\n')
}

function pretty(definition: PinDetail['was']): string[] {
  return definition === null ? [] : JSON.stringify(sorted(definition), null, 2).split('\n').map(revealed)
}

/** With keys in order, so that only what matters differs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}
