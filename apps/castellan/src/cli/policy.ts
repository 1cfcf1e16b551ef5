import type { Command } from 'commander'
import { parse } from 'yaml'
import { parsePolicyTable, type PolicyEngine, type PolicyHolder, runPolicyTable } from '../gate/index.ts'
import { digestJson, fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { explainCommand } from './policy/explain.ts'
import { filesIn } from './policy/files-in.ts'
import { historyCommands } from './policy/history.ts'
import { replayCommand } from './policy/replay.ts'

export function policyCommand(program: Command, line: CommandLine): void {
  const policy = program.command('policy').description('Policies: as files, in force, and on trial')
  explainCommand(policy, line)
  replayCommand(policy, line)
  historyCommands(policy, line)
  policy
    .command('check [folder]')
    .description('Validate the *.cedar files of a folder against the schema')
    .action(async (folder = 'policies') => {
      const engine = await line.world.policyEngine()
      const problems = engine.check(await filesIn(folder, '.cedar'))
      line
        .speak()
        .result({ folder, problems }, () =>
          problems.length === 0
            ? `The policies in ${folder} are valid.`
            : problems
                .map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}  ${message}`)
                .join('\n'),
        )
      if (problems.length > 0) line.endWith(exitCodes.failed)
    })
  policy
    .command('test [folder]')
    .description('Run the tables (*.test.yaml) beside the policies of a folder')
    .action(async (folder = 'policies') => {
      const results = await runTables(await line.world.policyEngine(), folder)
      const failed = results.filter(result => !result.passed)
      line
        .speak()
        .result({ folder, results }, () =>
          [
            ...results.map(
              ({ file, name, passed, why }) =>
                `${passed ? 'ok  ' : 'FAIL'}  ${file}: ${name}${why === null ? '' : `\n      ${why}`}`,
            ),
            `${results.length - failed.length} of ${results.length} cases passed.`,
          ].join('\n'),
        )
      if (failed.length > 0) line.endWith(exitCodes.failed)
    })
}

async function runTables(engine: PolicyEngine & PolicyHolder, folder: string) {
  const policies = await filesIn(folder, '.cedar')
  engine.load({ tenant: TENANT, files: policies, digest: digestJson(policies), version: 1 })
  const tables = await filesIn(folder, '.test.yaml')
  if (Object.keys(tables).length === 0) throw fault('REQUEST_INVALID', { why: `there is no *.test.yaml in ${folder}` })
  const results = []
  for (const [file, text] of Object.entries(tables)) {
    const cases = parsePolicyTable(file, readYaml(file, text))
    const ran = await runPolicyTable(engine, TENANT, cases, AbortSignal.timeout(60_000))
    results.push(
      ...ran.map(({ name, passed, why, decision }) => ({ file, name, passed, why, reasons: decision.reasons })),
    )
  }
  return results
}

const TENANT = 'tested'

function readYaml(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw fault('REQUEST_INVALID', { why: `${file} is not YAML: ${(cause as Error).message}` }, { cause })
  }
}
