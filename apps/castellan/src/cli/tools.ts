import { type Command, Option } from 'commander'
import type { Capability, FoundTool } from '@castellan/contracts'
import type { CommandLine } from './command-line.ts'
import type { ControlPlane } from './connection.ts'
import { everything } from './everything.ts'
import { notFound } from '../kernel/index.ts'
import { printable, properties, shortened, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

const types = ['tool', 'resource', 'template', 'prompt'] as const
const effects = ['read', 'idempotent', 'unsafe'] as const

interface Filters {
  readonly server?: string
  readonly type: (typeof types)[number] | 'all'
  readonly effect?: (typeof effects)[number]
  readonly search?: string
}

export function toolsCommand(program: Command, line: CommandLine): void {
  const tools = program.command('tools').description('What you may see of the servers: tools, resources and prompts')
  listCommand(tools, line)
  searchCommand(tools, line)
  showCommand(tools, line)
}

function listCommand(tools: Command, line: CommandLine): void {
  tools
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the tools that are granted to you')
    .option('--server <name>', 'Only those of one server')
    .addOption(new Option('--type <type>', 'What to list').choices([...types, 'all']).default('tool'))
    .addOption(new Option('--effect <class>', 'Only those of one effect class').choices(effects))
    .option('--search <text>', 'Only those whose name or description holds a text')
    .action(async (filters: Filters) => {
      const found = await line.during('asking for the tools', capabilities(line.controlPlane(), filters))
      line.speak().result(
        found.filter(({ effect }) => filters.effect === undefined || effect === filters.effect),
        list =>
          list.length === 0
            ? 'Nothing of the kind is granted to you.'
            : table(
                ['name', 'effect', 'reaches out', 'description'],
                list.map(each => [
                  each.exposed,
                  each.effect,
                  each.open_world ? 'yes' : 'no',
                  shortened(descriptionOf(each), 80),
                ]),
              ),
      )
    })
}

function searchCommand(tools: Command, line: CommandLine): void {
  tools
    .command('search <words...>')
    .description('Find the tools that fit some words best: castellan tools search create issue')
    .option('--server <name>', "Only those of one server, or of those that fit a pattern such as 'git*'")
    .option('--limit <number>', 'Most tools to show, 10 by default')
    .action(async (words: string[], options: { server?: string; limit?: string }) => {
      const query = { ...options, limit: wholeNumber('--limit', options.limit), definitions: line.json }
      const { items } = await line.during('searching', line.controlPlane().tools.search(words.join(' '), query))
      line.speak().result(items, describeFound)
    })
}

function showCommand(tools: Command, line: CommandLine): void {
  tools
    .command('show <name>')
    .description('Show one tool with the schema of its arguments')
    .action(async (name: string) => {
      const found = await line.during(`asking for ${name}`, capabilities(line.controlPlane(), { type: 'all' }))
      const tool = found.find(each => each.exposed === name) ?? found.find(each => each.name === name)
      if (!tool) throw notFound('tool', name)
      line.speak().result(tool, describe)
    })
}

function capabilities(plane: ControlPlane, { server, type, search }: Filters): Promise<Capability[]> {
  return everything(page =>
    plane.capabilities.list({
      ...page,
      ...(server === undefined ? {} : { server }),
      ...(type === 'all' ? {} : { primitive_type: type }),
      ...(search === undefined ? {} : { q: search }),
    }),
  )
}

function describe(tool: Capability): string {
  const { inputSchema } = tool.definition
  return [
    properties([
      ['name', tool.exposed],
      ['server', tool.server],
      ['its name there', tool.name],
      ['kind', tool.primitive_type],
      ['effect', tool.effect],
      ['reaches out', tool.open_world ? 'yes: it may reach beyond its server' : 'no'],
      ['fingerprint', tool.digest],
    ]),
    '',
    printable(descriptionOf(tool) || '(no description)'),
    ...(inputSchema === undefined ? [] : ['', 'arguments:', printable(JSON.stringify(inputSchema, null, 2))]),
  ].join('\n')
}

function describeFound(found: readonly FoundTool[]): string {
  if (found.length === 0) return 'No tool that is granted to you fits these words.'
  return table(
    ['name', 'description'],
    found.map(({ exposed, description }) => [exposed, shortened(description, 100)]),
  )
}

function descriptionOf({ definition }: Capability): string {
  return typeof definition.description === 'string' ? definition.description : ''
}
