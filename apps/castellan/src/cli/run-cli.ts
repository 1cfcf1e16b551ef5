import { CommanderError } from 'commander'
import { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { type Problem, problemOf } from './problem.ts'
import { buildProgram } from './program.ts'
import type { World } from './world.ts'

/**
 * Runs one command and resolves with its exit code (`exit-codes.ts`). Never throws: what goes wrong is one line on the
 * error stream, or one JSON object there with `--json`; a stack is shown only for bugs.
 */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  const line = new CommandLine(world)
  try {
    const program = await buildProgram(line, argv[0])
    await program.parseAsync(argv, { from: 'user' })
    return line.exitCode
  } catch (error) {
    // Help and version are asked for, so they are no failures; help is also what a missing command gets.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage
    const problem = problemOf(error)
    // The parser may have given up before it came to the option.
    tell(problem, world, line.json || argv.includes('--json'))
    return problem.exitCode
  }
}

function tell({ exitCode, code, detail, callId, stack }: Problem, { err }: World, json: boolean): void {
  const call = callId === undefined ? {} : { call_id: callId }
  if (json) return err(`${JSON.stringify({ code, detail, ...call, exit_code: exitCode })}\n`)
  err(`castellan: ${detail}${callId === undefined ? '' : ` (${callId})`}\n${stack === undefined ? '' : `${stack}\n`}`)
}
