import { readFile } from 'node:fs/promises'
import { teamInput, type Team, type TeamExecution, type TeamInput } from '@castellan/contracts'
import { ApiProblem } from '@castellan/sdk'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { exitCodes } from './exit-codes.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function teamsCommand(program: Command, line: CommandLine): void {
  const teams = program.command('teams').description('Teams of agents, and what they are to do')
  teams
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the teams there are')
    .action(async () => {
      const { teams: api } = line.controlPlane()
      const all = await line.during('asking for the teams', everything(api.list))
      line.speak().result(all, list =>
        table(
          ['name', 'protocol', 'members', 'description'],
          list.map(each => [each.name, each.protocol.type, membersOf(each), printable(each.description)]),
        ),
      )
    })
  teams
    .command('show <team>')
    .description('Show one, by id or name')
    .action(async (team: string) => {
      const shown = await line.during('asking for it', line.controlPlane().teams.get(team))
      line.speak().result(shown, inWords)
    })
  teams
    .command('put <file>')
    .description('Make or change the team that a file describes')
    .action(async (file: string) => {
      const wish = await teamIn(file)
      const kept = await line.during('keeping it', put(line, wish))
      line.speak().result(kept, ({ name, version }) => `${name} is kept, in version ${version}.`)
    })
  teams
    .command('run <team> <message>')
    .description('Have a team do something, and wait for its answer')
    .option('--timeout <seconds>', 'How long to wait, 1 to 600; the run goes on')
    .action(async (team: string, message: string, { timeout }: { timeout?: string }) => {
      const seconds = wholeNumber('--timeout', timeout)
      const wish = { user_message: message, ...(seconds === undefined ? {} : { timeout_seconds: seconds }) }
      const done = await line.during('waiting for its answer', line.controlPlane().teams.execute(team, wish))
      line.speak().result(done, answered)
      if (done.error !== null) line.speak().note(done.error)
      if (!done.success) line.endWith(exitCodes.failed)
    })
}

async function put(line: CommandLine, wish: TeamInput): Promise<Team> {
  const { teams } = line.controlPlane()
  try {
    return await teams.replace(wish.name, wish)
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.problem.status !== 404) throw error
    return teams.create(wish)
  }
}

/** The control plane says the rest that is wrong. */
async function teamIn(file: string): Promise<TeamInput> {
  const source = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fault('REQUEST_INVALID', { why: `the file ${file} cannot be read (${error.code})` })
  })
  const read = teamInput.safeParse(parsed(file, source))
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw fault('REQUEST_INVALID', { why: `${file} describes no team: at ${path.join('.') || 'its top'}: ${message}` })
}

function parsed(file: string, source: string): unknown {
  try {
    return parse(source)
  } catch {
    throw fault('REQUEST_INVALID', { why: `the file ${file} is neither YAML nor JSON` })
  }
}

function answered({ response, board, decision, dissent, run_id: run }: TeamExecution): string {
  const rows = board.map(({ version, kind, member }) => [String(version), kind, member])
  const by = decision === null ? [] : [`Decided by ${decision.by}, for ${decision.winner}.`]
  const others = dissent.map(({ member, choice, reason }) => `${member} was for ${choice}: ${printable(reason)}`)
  return [printable(response), '', `Run ${run}:`, table(['', 'what', 'who'], rows), ...by, ...others].join('\n')
}

function inWords(team: Team): string {
  const about = properties([
    ['name', team.name],
    ['id', team.id],
    ['description', printable(team.description)],
    ['protocol', JSON.stringify(team.protocol)],
    ['tokens', team.max_tokens === null ? 'no limit' : String(team.max_tokens)],
    ['version', String(team.version)],
  ])
  const rows = team.members.map(({ name, agent, role }) => [name ?? agent, agent, printable(role)])
  return `${about}\n\n${table(['member', 'agent', 'role'], rows)}`
}

function membersOf({ members }: Team): string {
  return members.map(({ name, agent }) => name ?? agent).join(', ')
}
