import type { Approval, ApprovalDetail, ApprovalRule, ApprovalRuleInput } from '@castellan/contracts'
import { approvalState, fourEyes, roles } from '@castellan/contracts'
import { type Command, Option } from 'commander'
import { fault } from '../kernel/index.ts'
import type { CommandLine } from './command-line.ts'
import { everything } from './everything.ts'
import { printable, properties, table } from './output.ts'
import { several } from './several.ts'
import { wholeNumber } from './whole-number.ts'

export function approvalsCommand(program: Command, line: CommandLine): void {
  const approvals = program.command('approvals').description('Calls that wait for a person to agree')
  listCommand(approvals, line)
  showCommand(approvals, line)
  actCommand(approvals, line, 'approve', 'Agree that the call is made, once')
  actCommand(approvals, line, 'reject', 'Refuse it; one refusal is enough')
  actCommand(approvals, line, 'cancel', 'Take back what one asked for, or agreed to and was not used')
  rulesCommand(approvals, line)
}

function listCommand(approvals: Command, line: CommandLine): void {
  approvals
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List what waits for a decision, the newest first')
    .addOption(
      new Option('--state <state>', 'What became of them')
        .choices([...approvalState.options, 'all'])
        .default('pending'),
    )
    .action(async ({ state }: { state: Approval['state'] | 'all' }) => {
      const { approvals: api } = line.controlPlane()
      const wanted = state === 'all' ? {} : { state }
      const all = await line.during(
        'asking for the approvals',
        everything(page => api.list({ ...page, ...wanted })),
      )
      line.speak().result(all, list =>
        table(
          ['id', 'state', 'who', 'tool', 'effect', 'agreed', 'until'],
          list.map(each => [
            each.id,
            each.state,
            each.requested_by.name,
            toolOf(each),
            each.effect,
            agreedOf(each),
            each.expires_at,
          ]),
        ),
      )
    })
}

function showCommand(approvals: Command, line: CommandLine): void {
  approvals
    .command('show <id>')
    .description('Show one, with the arguments of the call as far as you may see them')
    .action(async (id: string) => {
      const approval = await line.during('asking for it', line.controlPlane().approvals.get(id))
      line.speak().result(approval, inWords)
    })
}

function actCommand(
  approvals: Command,
  line: CommandLine,
  what: 'approve' | 'reject' | 'cancel',
  description: string,
): void {
  approvals
    .command(`${what} <id>`)
    .description(description)
    .option('--reason <text>', 'Why; it is kept in the journal')
    .action(async (id: string, { reason }: { reason?: string }) => {
      const approval = await line.during('saying so', line.controlPlane().approvals[what](id, reason))
      line.speak().result(approval, ({ state }) => `${toolOf(approval)} for ${approval.requested_by.name} is ${state}.`)
      const { quorum } = approval
      if (approval.state === 'pending') line.speak().note(`${agreedOf(approval)} agreed; ${quorum} must.`)
      if (approval.state === 'approved') {
        line.speak().note(`The very same call is let pass once, until ${approval.expires_at}.`)
      }
    })
}

interface RuleOptions {
  readonly tools?: string[]
  readonly approvers?: ApprovalRuleInput['approvers']
  readonly fourEyes?: ApprovalRuleInput['four_eyes']
  readonly quorum?: string
  readonly decideWithin?: string
  readonly useWithin?: string
  readonly webhook?: string
  readonly webhookSecret?: string
}

function rulesCommand(approvals: Command, line: CommandLine): void {
  const rules = approvals.command('rules').description('Who approves what, and how')
  rules
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('List the approval rules')
    .action(async () => {
      const { approvalRules } = line.controlPlane()
      const all = await line.during(
        'asking for the rules',
        everything(page => approvalRules.list(page)),
      )
      line
        .speak()
        .result(all, list =>
          table(['name', 'tools', 'approvers', 'four eyes', 'quorum', 'decide', 'use', 'told'], list.map(rowOf)),
        )
    })
  rules
    .command('put <name>')
    .description('Make an approval rule, or change one as a whole; what is not said is as by default')
    .option('--tools <pattern...>', 'Tools it is for, as server/name with * for any characters (default: all)')
    .addOption(several('--approvers <role...>', 'Who may decide (default: admin, operator)', roles))
    .addOption(
      new Option('--four-eyes <when>', 'When whoever asked may not be one of those who agree').choices(
        fourEyes.options,
      ),
    )
    .option('--quorum <number>', 'How many must agree')
    .option('--decide-within <duration>', 'How long there is to decide, such as 1h')
    .option('--use-within <duration>', 'How long an approval may be used, such as 15m')
    .option('--webhook <url>', 'Where each request is told of')
    .option('--webhook-secret <name>', 'The stored secret that signs what is told')
    .action(async (name: string, options: RuleOptions) => {
      const rule = await line.during('saying so', line.controlPlane().approvalRules.put(name, ruleFrom(options)))
      line.speak().result(rule, ({ version }) => `The approval rule ${name} is in force (version ${version}).`)
    })
  rules
    .command('remove <name>')
    .description('Remove an approval rule')
    .action(async (name: string) => {
      await line.during('removing it', line.controlPlane().approvalRules.remove(name))
      line.speak().result({ removed: name }, () => `Removed ${name}.`)
    })
}

function ruleFrom(options: RuleOptions): ApprovalRuleInput {
  const { tools, approvers, fourEyes: four_eyes, decideWithin, useWithin, webhook, webhookSecret } = options
  const quorum = wholeNumber('--quorum', options.quorum)
  if ((webhook === undefined) !== (webhookSecret === undefined)) {
    throw fault('REQUEST_INVALID', {
      why: 'give --webhook and --webhook-secret together: nothing is told unsigned; castellan keeps secrets by PUT /api/secrets/<name>',
    })
  }
  return {
    ...(tools === undefined ? {} : { tools }),
    ...(approvers === undefined ? {} : { approvers }),
    ...(four_eyes === undefined ? {} : { four_eyes }),
    ...(quorum === undefined ? {} : { quorum }),
    ...(decideWithin === undefined ? {} : { decide_within: decideWithin }),
    ...(useWithin === undefined ? {} : { use_within: useWithin }),
    ...(webhook === undefined || webhookSecret === undefined
      ? {}
      : { webhook: { url: webhook, secret: webhookSecret } }),
  }
}

function rowOf(rule: ApprovalRule) {
  return [
    rule.name,
    rule.tools.join(' '),
    rule.approvers.join(' '),
    rule.four_eyes,
    rule.quorum,
    rule.decide_within,
    rule.use_within,
    rule.webhook?.url,
  ]
}

function inWords(approval: ApprovalDetail): string {
  const { requested_by: by, decisions } = approval
  const said = decisions.map(({ name, agrees, reason, at }) => {
    return `${at} ${name} ${agrees ? 'agreed' : 'refused'}${reason === null ? '' : `: ${reason}`}`
  })
  return [
    properties([
      ['id', approval.id],
      ['state', approval.state],
      ['who', `${by.name} (${by.kind})`],
      ['tool', toolOf(approval)],
      ['effect', `${approval.effect}${approval.open_world ? ', may reach beyond the server' : ''}`],
      ['why', approval.reasons.join('; ')],
      ['rule', approval.rule ?? 'the defaults'],
      ['approvers', approval.approvers.join(', ')],
      ['agreed', agreedOf(approval)],
      ['asked', approval.requested_at],
      ['until', approval.expires_at],
      ['call', approval.call_id],
      ['used by', approval.used_by],
    ]),
    ...(said.length === 0 ? [] : ['', ...said.map(printable)]),
    '',
    printable(approval.arguments),
  ].join('\n')
}

function toolOf({ server, capability }: Approval): string {
  return `${server}/${capability}`
}

function agreedOf({ decisions, quorum }: Approval): string {
  return `${decisions.filter(({ agrees }) => agrees).length} of ${quorum}`
}
