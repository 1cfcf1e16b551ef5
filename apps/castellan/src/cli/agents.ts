import type { Agent, AgentExecution } from '@castellan/contracts'
import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { exitCodes } from './exit-codes.ts'
import { type Later, laterFrom, withLater } from './later.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function agentsCommand(program: Command, line: CommandLine): void {
  const agents = program.command('agents').description('Agents, and what they are to do')
  agents
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the agents there are')
    .action(async () => {
      const { agents: api } = line.controlPlane()
      const all = await line.during('asking for the agents', everything(api.list))
      line.speak().result(all, list =>
        table(
          ['name', 'model', 'tools', 'description'],
          list.map(each => [each.name, modelOf(each), toolsOf(each), each.description]),
        ),
      )
    })
  agents
    .command('show <agent>')
    .description('Show one, by id or name')
    .action(async (agent: string) => {
      const shown = await line.during('asking for it', line.controlPlane().agents.get(agent))
      line.speak().result(shown, inWords)
    })
  agents
    .command('run <agent> <message>')
    .description('Have an agent do something, and wait for its answer')
    .option('--timeout <seconds>', 'In place of what it has, 10 to 600')
    .action(async (agent: string, message: string, { timeout }: { timeout?: string }) => {
      const seconds = wholeNumber('--timeout', timeout)
      const wish = {
        agent_id: agent,
        user_message: message,
        ...(seconds === undefined ? {} : { timeout_seconds: seconds }),
      }
      const done = await line.during('waiting for its answer', line.controlPlane().agents.execute(wish))
      line.speak().result(done, answered)
      if (done.error !== null) line.speak().note(done.error)
      if (!done.success) line.endWith(exitCodes.failed)
    })
  withLater(agents.command('start <agent> <message>').description('Have an agent do something, and do not wait'))
    .option('--timeout <seconds>', 'In place of what it has, 10 to 600')
    .action(async (agent: string, message: string, { timeout, ...when }: Later & { timeout?: string }) => {
      const seconds = wholeNumber('--timeout', timeout)
      const wish = {
        user_message: message,
        ...laterFrom(when),
        ...(seconds === undefined ? {} : { timeout_seconds: seconds }),
      }
      const begun = await line.during('saying so', line.controlPlane().agents.start(agent, wish))
      line.speak().result(begun, ({ id }) => `Run ${id} is queued: castellan runs show ${id}`)
    })
}

function answered({ response, tool_calls: calls, run_id: run }: AgentExecution): string {
  const called = calls.map(({ tool_name: tool }) => `  ${tool}`)
  return [printable(response), ...(called.length === 0 ? [] : ['', `Run ${run} called:`, ...called])].join('\n')
}

function inWords(agent: Agent): string {
  const fallbacks = (agent.llm_config?.fallbacks ?? []).map(({ provider, model }) => `${provider}/${model}`)
  return properties([
    ['name', agent.name],
    ['id', agent.id],
    ['description', agent.description],
    ['model', modelOf(agent)],
    ['fallbacks', fallbacks.join(', ') || 'none'],
    ['tools', toolsOf(agent)],
    [
      'limits',
      `${agent.max_iterations} iterations, ${agent.timeout_seconds} s, ${agent.tool_timeout_seconds} s a tool, ${agent.context_tokens} tokens a question`,
    ],
    ['version', String(agent.version)],
  ])
}

function modelOf({ llm_config: llm, brain }: Agent): string {
  return llm === undefined ? `rules (${brain?.rules.length ?? 0})` : `${llm.provider}/${llm.model}`
}

function toolsOf({ assigned_mcp_tools: tools, available_mcps: servers }: Agent): string {
  const all = [
    ...tools.map(({ mcp_server_id: server, name }) => `${server}/${name}`),
    ...servers.map(each => `${each}/*`),
  ]
  return all.join(', ') || 'none'
}
