import { readFile } from 'node:fs/promises'
import type { Workflow, WorkflowCheck, WorkflowExecution, WorkflowRemark } from '@castellan/contracts'
import type { Command } from 'commander'
import { parse } from 'yaml'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { exitCodes } from './exit-codes.ts'
import { jsonOption } from './json-option.ts'
import { type Later, laterFrom, withLater } from './later.ts'
import { printable, properties, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

export function workflowsCommand(program: Command, line: CommandLine): void {
  const workflows = program.command('workflows').description('Workflows: kept, checked and run')
  workflows
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the workflows there are')
    .action(async () => {
      const { workflows: api } = line.controlPlane()
      const all = await line.during('asking for the workflows', everything(api.list))
      line.speak().result(all, list =>
        table(
          ['name', 'version', 'nodes', 'description'],
          list.map(each => [each.name, String(each.version), String(nodesOf(each)), printable(each.description)]),
        ),
      )
    })
  workflows
    .command('show <workflow>')
    .description('Show one as it was written, by id or name')
    .action(async (workflow: string) => {
      const shown = await line.during('asking for it', line.controlPlane().workflows.get(workflow))
      line.speak().result(shown, inWords)
    })
  workflows
    .command('validate <file>')
    .description('Say what is wrong with a workflow, and where')
    .action(async (file: string) => {
      const source = await textOf(file)
      const said = await line.during('having it read', line.controlPlane().workflows.validate({ source }))
      line.speak().result(said, check => judged(file, check))
      if (!said.valid) line.endWith(exitCodes.failed)
    })
  workflows
    .command('put <file>')
    .description('Make or change the workflow that a file describes')
    .action(async (file: string) => {
      const source = await textOf(file)
      const name = nameIn(file, source)
      const kept = await line.during('keeping it', line.controlPlane().workflows.put(name, { source }))
      line.speak().result(kept, ({ name: kept, version }) => `${kept} is kept, in version ${version}.`)
    })
  workflows
    .command('run <workflow>')
    .description('Run one, and wait for its end')
    .option('--input <json>', 'What it is given')
    .option('--timeout <seconds>', 'How long to wait, 1 to 600; the run goes on')
    .action(async (workflow: string, { input, timeout }: { input?: string; timeout?: string }) => {
      const seconds = wholeNumber('--timeout', timeout)
      const wish = {
        workflow_id: workflow,
        ...(input === undefined ? {} : { input: jsonOption('--input', input) }),
        ...(seconds === undefined ? {} : { timeout_seconds: seconds }),
      }
      const done = await line.during('waiting for its end', line.controlPlane().workflows.execute(wish))
      line.speak().result(done, ended)
      if (done.error !== null) line.speak().note(done.error)
      if (!done.success) line.endWith(exitCodes.failed)
    })
  withLater(workflows.command('start <workflow>').description('Run one, and do not wait'))
    .option('--input <json>', 'What it is given')
    .action(async (workflow: string, { input, ...when }: Later & { input?: string }) => {
      const wish = { ...laterFrom(when), ...(input === undefined ? {} : { input: jsonOption('--input', input) }) }
      const begun = await line.during('saying so', line.controlPlane().workflows.start(workflow, wish))
      line.speak().result(begun, ({ id }) => `Run ${id} is queued: castellan runs show ${id}`)
    })
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw fault('REQUEST_INVALID', {
      why: `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    })
  }
}

/** The control plane says the rest that is wrong. */
function nameIn(file: string, source: string): string {
  try {
    const { name } = parse(source) as { readonly name?: unknown }
    if (typeof name === 'string' && name !== '') return name
  } catch {
    // Without a name there is nothing to put it under.
  }
  throw fault('REQUEST_INVALID', {
    why: `no name of a workflow can be read in ${file}; try castellan workflows validate`,
  })
}

function judged(file: string, { problems, warnings }: WorkflowCheck): string {
  const told = (kind: string) => (each: WorkflowRemark) => {
    const place = each.line === null ? file : `${file}:${each.line}:${each.column}`
    const node = each.node === null ? '' : ` node "${each.node}":`
    return `${place} ${kind}${node} ${printable(each.message)}`
  }
  const lines = [...problems.map(told('problem:')), ...warnings.map(told('warning:'))]
  return problems.length === 0 ? [...lines, `${file} is a valid workflow.`].join('\n') : lines.join('\n')
}

function inWords(workflow: Workflow): string {
  const about = properties([
    ['name', workflow.name],
    ['id', workflow.id],
    ['version', String(workflow.version)],
    ['digest', workflow.digest],
  ])
  return `${about}\n\n${printable(workflow.source ?? JSON.stringify(workflow.definition, null, 2))}`
}

function ended({ run_id: run, state, output, nodes }: WorkflowExecution): string {
  const rows = Object.entries(nodes).map(([id, node]) => [id, node.state, printable(node.error?.message ?? '')])
  return [`Run ${run} is ${state}.`, table(['node', 'state', ''], rows), printable(JSON.stringify(output))].join('\n\n')
}

function nodesOf({ definition }: Workflow): number {
  return Array.isArray(definition['nodes']) ? definition['nodes'].length : 0
}
