import type { Command } from 'commander'
import type { ApplyAction, ApplyAnswer } from '@castellan/contracts'
import { readManifest } from './apply/read-manifest.ts'
import type { CommandLine } from './command-line.ts'
import { exitCodes } from './exit-codes.ts'
import { table } from './output.ts'

interface ApplyOptions {
  readonly file: string
  readonly dryRun?: boolean
  readonly prune?: boolean
  readonly yes?: boolean
  readonly allowUnhealthy?: boolean
}

export function applyCommand(program: Command, line: CommandLine): void {
  program
    .command('apply')
    .description(
      'Make servers, access, rules, budgets, agents, teams, workflows, subscriptions and triggers what a file declares',
    )
    .requiredOption('-f, --file <file>', 'The file, such as castellan.yaml')
    .option('--dry-run', 'Only show the plan')
    .option('--prune', 'Remove what the sections of the file do not name')
    .option('-y, --yes', 'Apply without asking')
    .option('--allow-unhealthy', 'Register servers that do not answer a probe, too')
    .action(async ({ file, dryRun, prune, yes, allowUnhealthy }: ApplyOptions) => {
      const wish = {
        manifest: await readManifest(file),
        prune: prune === true,
        allow_unhealthy: allowUnhealthy === true,
      }
      const plane = line.controlPlane()
      const plan = await line.during('planning', plane.apply({ ...wish, dry_run: true }))
      const changes = plan.actions.filter(({ action }) => action !== 'unchanged')
      if (dryRun === true || changes.length === 0) return line.speak().result(plan, shown)
      const question = `Make ${changes.length} change${changes.length === 1 ? '' : 's'}?`
      if (yes !== true && !(await line.confirmed(shown(plan), question))) {
        line.speak().result(plan, () => 'Nothing was changed.')
        return line.endWith(exitCodes.failed)
      }
      const answer = await line.during(`applying ${file}`, plane.apply({ ...wish, dry_run: false }))
      line.speak().result(answer, shown)
      if (answer.actions.some(({ failed }) => failed !== null)) line.endWith(exitCodes.failed)
    })
}

function shown({ applied, actions }: ApplyAnswer): string {
  const changes = actions.filter(({ action }) => action !== 'unchanged')
  const same = actions.length - changes.length
  const rest = `${same} ${same === 1 ? 'is' : 'are'} as declared.`
  if (changes.length === 0) return `Nothing to change: ${rest}`
  const failed = changes.filter(each => each.failed !== null).length
  const told = applied ? resultOf : failed > 0 ? problemOf : null
  return [
    table(
      ['', 'what', 'name', 'fields', ...(told === null ? [] : [applied ? 'result' : 'problem'])],
      changes.map(each => [
        each.action,
        each.kind,
        each.name,
        each.changes.join(', '),
        ...(told === null ? [] : [told(each)]),
      ]),
    ),
    applied ? `${changes.length - failed} done, ${failed} failed; ${rest}` : `${changes.length} to change; ${rest}`,
  ].join('\n')
}

/** Why it would fail, as things are. */
function problemOf({ failed }: ApplyAction): string {
  return failed ?? ''
}

function resultOf({ failed }: ApplyAction): string {
  return failed === null ? 'done' : `failed: ${failed}`
}
