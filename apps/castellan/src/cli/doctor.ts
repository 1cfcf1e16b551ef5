import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { examineControlPlane } from './doctor/control-plane.ts'
import { type Finding, type Grade, gradeOf } from './doctor/finding.ts'
import { examineMachine } from './doctor/machine.ts'
import { gatherFacts } from './doctor/gather-facts.ts'
import { exitCodes } from './exit-codes.ts'
import { printable } from './output.ts'
import { problemOf } from './problem.ts'
import { configFor, withSettings } from './static-config.ts'

interface Report {
  readonly grade: Grade
  readonly points: number
  /** The control plane that was looked at; null when none could be, and then only files were. */
  readonly control_plane: { readonly url: string; readonly version: string } | null
  /** Why none could be looked at. */
  readonly offline_because: string | null
  readonly findings: readonly Finding[]
}

export function doctorCommand(program: Command, line: CommandLine): void {
  withSettings(
    program.command('doctor').description('Grade the posture of this installation and name what mends it'),
  ).action(async (options: Record<string, unknown>) => {
    const { config } = configFor(options, line.world.variables)
    const machine = await examineMachine(config, process.versions.node)
    const { facts, offline } = await line.during('looking at the control plane', lookAt(line))
    const findings = [...machine, ...(facts ? examineControlPlane(facts, new Date()) : [])]
    const report: Report = {
      ...gradeOf(findings),
      control_plane: facts && { url: facts.url, version: facts.version },
      offline_because: offline,
      findings: findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)),
    }
    // Source: no-color.org.
    const colours = line.world.screen && !line.world.variables['NO_COLOR']
    line.speak().result(report, colours ? inColour : inWords)
    if (findings.some(({ severity }) => severity !== 'advice')) line.endWith(exitCodes.failed)
  })
}

const ORDER = ['critical', 'warning', 'advice']

async function lookAt(line: CommandLine) {
  try {
    return { facts: await gatherFacts(line.connection()), offline: null }
  } catch (error) {
    const { code, detail } = problemOf(error)
    // Only when there is nobody to be asked: whoever answers and refuses must not look like a good grade.
    if (code !== 'UNREACHABLE' && code !== 'CONFIG_INVALID') throw error
    return { facts: null, offline: detail }
  }
}

function inWords({ grade, points, control_plane, offline_because, findings }: Report): string {
  const looked =
    control_plane === null
      ? `No control plane was looked at: ${offline_because ?? ''}`
      : `Looked at Castellan ${control_plane.version} on ${control_plane.url}, its settings and its files.`
  return printable(
    [
      `Grade ${grade} (${points} of 100)${control_plane === null ? ', of settings and files alone' : ''}`,
      looked,
      ...findings.flatMap(({ severity, what, why, fix }) => [
        '',
        `${severity.padEnd(8)}  ${what.replace(/\n/g, ' ')}`,
        `          why: ${why}`,
        `          fix: ${fix}`,
      ]),
      ...(findings.length === 0 ? ['', 'There is nothing to mend.'] : []),
    ].join('\n'),
  )
}

/** What is worse than advice in red, and what is worst in bold: the first look must fall on it. */
function inColour(report: Report): string {
  return inWords(report)
    .replace(/^critical .*$/gm, line => `\x1b[1;31m${line}\x1b[0m`)
    .replace(/^warning .*$/gm, line => `\x1b[31m${line}\x1b[0m`)
}
