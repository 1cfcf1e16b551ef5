import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type {
  AgentInput,
  List,
  ManifestInput,
  Problem,
  Run,
  Subscription,
  SubscriptionCreate,
  TeamInput,
  Trigger,
  TriggerInput,
} from '@castellan/contracts'
import { type ControlPlane, controlPlane, until } from '../../../../../../tests/support/control-plane.ts'
import { ask } from '../fixtures/asking.ts'
import { hire } from '../fixtures/people.ts'
import { applied, failures, idle, journalLength, told, type Wish } from './fixtures/applied.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
})
after(() => castellan[Symbol.asyncDispose]())
beforeEach(() =>
  apply({ servers: [], agents: [], teams: [], workflows: [], subscriptions: [], triggers: [] }, { prune: true }),
)

const apply = (manifest: ManifestInput, wish: Wish = {}) => applied(castellan, manifest, wish)

const refused = (manifest: ManifestInput, wish: Wish = {}) =>
  castellan.ask<Problem>('POST', '/api/apply', { manifest, ...wish }, 400)

const clerk: AgentInput = {
  name: 'clerk',
  llm_config: { provider: 'office', model: 'large' },
  assigned_mcp_tools: [{ name: 'read_text_file', mcp_server_id: 'files' }],
}

const desk: TeamInput = {
  name: 'desk',
  members: [{ agent: 'clerk' }, { agent: 'clerk', name: 'second', role: 'You doubt it.' }],
  protocol: { type: 'collaborative', decide: { by: 'judge', agent: 'clerk' } },
}

const echo = {
  name: 'echo',
  nodes: [{ id: 'said', type: 'transform', expression: 'input.door' }],
  output: '=nodes.said.output',
}

const source = '# What doors say.\nname: echo\nnodes:\n  - { id: said, type: transform, expression: input.door }\n'

const audit: SubscriptionCreate = {
  name: 'audit',
  topic: 'audited.>',
  principal: 'auditors-friend',
  // The address is never spoken to: nothing that is published here matches.
  webhook: { url: 'http://127.0.0.1:9/', secret: 'hook' },
  retry: { first_pause: '60s' },
}

const doors: TriggerInput = {
  name: 'doors',
  source: { kind: 'entry', topic: 'custom.door.*' },
  starts: { kind: 'workflow', name: 'echo', input: { door: '=entry.data.door' } },
}

const hook: TriggerInput = {
  name: 'hook',
  source: { kind: 'webhook', secret: 'hook', tolerance: '60s' },
  starts: { kind: 'agent', name: 'clerk', input: 'Handle it.' },
}

const rounds: TriggerInput = {
  name: 'rounds',
  source: { kind: 'cron', expression: '0 3 1 1 *' },
  starts: { kind: 'team', name: 'desk', input: 'Look around.' },
}

/** Those who refer stand before what they refer to: the order of a file is for its readers. */
const everything: ManifestInput = {
  triggers: [doors, hook, rounds],
  subscriptions: [audit],
  workflows: [{ definition: echo }],
  teams: [desk],
  agents: [clerk],
  principals: [{ name: 'auditors-friend', kind: 'user' }],
  servers: [idle('files')],
}

describe('what runs', () => {
  test('is made after all that it refers to, and then there is nothing left to do', async () => {
    const first = await apply(everything)
    assert.deepEqual(failures(first), [])
    assert.deepEqual(
      told(first).filter(each => !each.includes('principal')),
      [
        'create server files',
        'create agent clerk',
        'create team desk',
        'create workflow echo',
        'create subscription audit',
        'create trigger doors',
        'create trigger hook',
        'create trigger rounds',
      ],
    )
    const before = await journalLength(castellan)
    const second = await apply(everything, { prune: true })
    assert.deepEqual(new Set(second.actions.map(({ action }) => action)), new Set(['unchanged']))
    assert.equal(await journalLength(castellan), before)
  })

  test('does so: what happens starts what was declared', async () => {
    await apply(everything)
    await castellan.ask('POST', '/api/events', { type: 'custom.door.opened', data: { door: 7 } })
    const ended = await until(
      'a run that has ended',
      async () => (await castellan.ask<List<Run>>('GET', '/api/runs')).items.find(({ name }) => name === 'echo'),
      run => run?.state === 'completed',
    )
    const { output } = await castellan.ask<{ output: { output: unknown } }>('GET', `/api/runs/${ended!.id}`)
    assert.equal(output.output, 7)
  })

  test('is only planned in a dry run, also where nothing of what it refers to is there yet', async () => {
    const before = await journalLength(castellan)
    const plan = await apply(everything, { dry_run: true })
    assert.deepEqual(failures(plan), [])
    assert.ok(told(plan).includes('create trigger hook'))
    assert.equal(await journalLength(castellan), before)
  })

  test('that differs in one thing changes that one, and says its name', async () => {
    await apply(everything)
    const change = async (manifest: ManifestInput) => told(await apply(manifest)).join()
    const other = { ...clerk, llm_config: { provider: 'office', model: 'small' } }
    assert.equal(await change({ agents: [other] }), 'update agent clerk llm_config')
    assert.equal(
      await change({ agents: [{ ...other, assigned_mcp_tools: [] }] }),
      'update agent clerk assigned_mcp_tools',
    )

    // From a model to rules, and back.
    const { llm_config: _, ...mindless } = clerk
    const ruled = { ...mindless, brain: { kind: 'rules' as const, rules: [{ when: 'true', do: { answer: 'Done.' } }] } }
    assert.match(await change({ agents: [ruled] }), /^update agent clerk .*brain llm_config$/)
    assert.equal(await change({ agents: [ruled] }), 'unchanged agent clerk')
    assert.equal(await change({ agents: [clerk] }), 'update agent clerk brain llm_config')

    assert.equal(await change({ teams: [{ ...desk, protocol: { type: 'handoff' } }] }), 'update team desk protocol')
    // What is left out, as it is by default.
    const begun = { ...desk, protocol: { type: 'handoff' as const, start: 'clerk', max_handoffs: 10 } }
    assert.equal(await change({ teams: [begun] }), 'unchanged team desk')

    const timed = { ...echo, timeout: '1m' }
    assert.equal(await change({ workflows: [{ definition: timed }] }), 'update workflow echo timeout')
    // Another way to write the same.
    assert.equal(await change({ workflows: [{ definition: { ...echo, timeout: '60s' } }] }), 'unchanged workflow echo')
    assert.equal(await change({ workflows: [{ source }] }), 'update workflow echo output timeout')
    assert.equal(await change({ workflows: [{ source }] }), 'unchanged workflow echo')
    assert.equal(await change({ workflows: [{ source: `${source}# Nothing else.\n` }] }), 'update workflow echo source')

    const retry = { first_pause: '1m' }
    assert.equal(await change({ subscriptions: [{ ...audit, retry }] }), 'unchanged subscription audit')
    assert.equal(
      await change({ subscriptions: [{ ...audit, retry, principal: null }] }),
      'update subscription audit principal',
    )
    assert.equal(
      await change({ triggers: [{ ...doors, condition: 'entry.data.door > 5', enabled: false }] }),
      'update trigger doors condition enabled',
    )
    const moved = { ...hook, source: { kind: 'entry' as const, topic: 'custom.>' } }
    assert.equal(await change({ triggers: [moved] }), 'update trigger hook source')
  })

  test('is removed when its section does not name it and that is wished, and never else', async () => {
    await apply(everything)
    assert.deepEqual(told(await apply({ agents: [], teams: [], workflows: [], subscriptions: [], triggers: [] })), [])
    assert.deepEqual(told(await apply({ triggers: [doors], agents: [] }, { prune: true })), [
      'delete agent clerk',
      'unchanged trigger doors',
      'delete trigger hook',
      'delete trigger rounds',
    ])
    assert.deepEqual(
      told(await apply({ teams: [], workflows: [], subscriptions: [], triggers: [] }, { prune: true })),
      ['delete team desk', 'delete workflow echo', 'delete subscription audit', 'delete trigger doors'],
    )
  })

  test('acts for whoever applied what made it, not for who applies the same again', async () => {
    await apply(everything)
    const principal = async () => (await castellan.ask<Trigger>('GET', '/api/triggers/doors')).principal
    const maker = await principal()
    const other = await hire(castellan, { roles: ['admin'] })
    const asOther = async (manifest: ManifestInput) => {
      const { status, text } = await ask(castellan, 'POST', '/api/apply', { body: { manifest }, key: other.key })
      assert.equal(status, 200, text)
    }
    await asOther({ triggers: [doors] })
    assert.equal(await principal(), maker)
    await asOther({ triggers: [{ ...doors, most_open: 1 }] })
    assert.equal(await principal(), other.id)
  })

  test('goes on where it is when a subscription is described anew, and stays paused', async () => {
    const state = () => castellan.ask<Subscription>('GET', '/api/subscriptions/audit')
    const declared = (description: string, start: 'beginning' | 'now'): ManifestInput => ({
      principals: everything.principals!,
      subscriptions: [{ ...audit, start, description }],
    })
    await apply(declared('one', 'beginning'))
    await castellan.ask('POST', '/api/subscriptions/audit/pause', {})
    const { standing } = await state()
    assert.ok(standing.behind > 0)
    assert.equal(told(await apply(declared('two', 'now'))).at(-1), 'update subscription audit description')
    const now = await state()
    assert.equal(now.standing.cursor, standing.cursor)
    assert.equal(now.paused?.why, 'somebody paused it')
  })
})

describe('a manifest of what runs', () => {
  for (const [about, manifest, why] of [
    [
      'a tool of a server that is nowhere',
      { agents: [clerk] },
      /agent "clerk" has the tool "read_text_file" of the server "files", which is not there/,
    ],
    [
      'a principal who is nowhere',
      { subscriptions: [{ ...audit, principal: 'nobody' }] },
      /no principal is named "nobody"/,
    ],
    ['a workflow that is nowhere', { triggers: [doors] }, /"doors" starts the workflow "echo", which is not there/],
    [
      'a member that is nowhere',
      { teams: [desk] },
      /member "clerk" of the team "desk" names the agent "clerk", which is not there/,
    ],
    ['a team that is nowhere', { triggers: [rounds] }, /"rounds" starts the team "desk", which is not there/],
    ['an agent that is nowhere', { triggers: [hook] }, /"hook" starts the agent "clerk", which is not there/],
    [
      'an agent that is there twice',
      { agents: [clerk, clerk], servers: [idle('files')] },
      /agent "clerk" is declared twice/,
    ],
    [
      'a workflow that is there twice',
      { workflows: [{ definition: echo }, { source }] },
      /workflow "echo" is declared twice/,
    ],
  ] as const satisfies readonly (readonly [string, ManifestInput, RegExp])[]) {
    test(`is refused as a whole for ${about}`, async () => {
      const before = await journalLength(castellan)
      assert.match((await refused(manifest)).detail, why)
      assert.equal(await journalLength(castellan), before)
    })
  }

  test('is refused for what it would itself remove', async () => {
    await apply(everything)
    const { detail } = await refused({ servers: [], agents: [clerk] }, { prune: true })
    assert.match(detail, /the server "files", which is not there/)
    assert.match((await refused({ workflows: [], triggers: [doors] }, { prune: true })).detail, /workflow "echo"/)
  })

  test('is refused for a workflow that cannot be read, with every place', async () => {
    const wrong = { name: 'wrong', nodes: [{ id: 'a', type: 'transform', expression: '(' }] }
    const inline = await refused({ workflows: [{ definition: echo }, { definition: wrong }] })
    assert.equal(inline.code, 'WORKFLOW_INVALID')
    assert.match(inline.detail, /workflows\.1: .*node "a"/)
    assert.deepEqual(inline.errors?.map(({ at }) => at), ['/manifest/workflows/1/definition/nodes/0/expression']) // prettier-ignore
    const text = await refused({ workflows: [{ source: source.replace('said', '1st') }] })
    assert.match(text.detail, /workflows\.0: .*line 4, column/)
    assert.deepEqual(text.errors?.map(({ at }) => at), ['/manifest/workflows/0/source']) // prettier-ignore
  })

  test('is refused for a webhook whose secret nobody would see, with the place', async () => {
    const blind = { ...hook, source: { kind: 'webhook' as const } }
    const { errors } = await refused({ ...everything, triggers: [blind] })
    assert.equal(errors?.[0]?.at, '/manifest/triggers/0/source/secret')
    assert.match(errors[0].message, /must name a stored secret/)
  })

  test('says of a trigger or a team that cannot be why, in the plan already, and makes the others', async () => {
    const alone: TeamInput = { ...desk, name: 'alone', members: [{ agent: 'clerk' }] }
    const never = { ...doors, name: 'never', source: { kind: 'cron' as const, expression: '61 * * * *' } }
    const manifest = { ...everything, teams: [alone], triggers: [never, doors] }
    for (const dry_run of [true, false]) {
      const [team, trigger] = failures(await apply(manifest, { dry_run }))
      assert.deepEqual([team?.[0], trigger?.[0]], ['team alone', 'trigger never'])
      assert.match(team![1], /two members to argue/)
      assert.match(trigger![1], /"61 \* \* \* \*" in UTC/)
    }
    const { items } = await castellan.ask<List<Trigger>>('GET', '/api/triggers')
    assert.deepEqual(items.map(({ name }) => name), ['doors']) // prettier-ignore
  })
})
