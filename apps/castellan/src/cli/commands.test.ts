import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CallAnswer, Capability, FoundTool, Key, Server } from '@castellan/contracts'
import { exitCodes } from './exit-codes.ts'
import { declaredInGuide } from './fixtures/guide.ts'
import { type Installation, installation, serverProgram } from './fixtures/installation.ts'
import type { World } from './world.ts'

const SECRET = 'planted-secret-value'
const LONG = 'everything__trigger-long-running-operation'

describe('the commands, on a control plane that runs', () => {
  let plane: Installation
  before(async () => {
    plane = await installation()
    const added = await castellan('servers', 'add', 'everything', '--env', `T=${SECRET}`, '--', ...serverProgram('everything'), 'stdio') // prettier-ignore
    assert.equal(added.code, exitCodes.ok, added.err)
  })
  after(() => plane.end())

  const castellan = (...argv: string[]) => plane.castellan(argv)
  const asJson = async <T>(...argv: string[]) => JSON.parse((await castellan('--json', ...argv)).out) as T

  test('list the servers, for people and for programs', async () => {
    const { out } = await castellan('servers')
    assert.match(out, /^name +transport +status +trusted +where/)
    assert.match(out, /^everything +stdio +active +no /m)
    assert.equal((await asJson<Server[]>('servers', 'list'))[0]?.name, 'everything')
  })

  test('show, probe and ask a server, without the values of its secrets', async () => {
    const shown = await castellan('servers', 'show', 'everything')
    assert.match(shown.out, /environment +T \(sealed\)/)
    assert.match((await castellan('servers', 'check', 'everything')).out, /^everything is active/)
    assert.match((await castellan('servers', 'discover', 'everything')).out, /^\d+ tools, \d+ resources/)
    for (const argv of [
      ['servers', 'show', 'everything', '--json'],
      ['servers', '--json'],
      ['journal', 'tail', '--no-follow', '--json'],
    ]) {
      const { out, err } = await castellan(...argv)
      assert.ok(out !== '' && !`${out}${err}`.includes(SECRET))
    }
  })

  test('change what is said of a server and keep the rest, its secrets included', async () => {
    const { code } = await castellan('servers', 'set', 'everything', '--effect', 'echo=read', '--timeout', 'call=2m')
    assert.equal(code, exitCodes.ok)
    const server = await asJson<Server>('servers', 'show', 'everything')
    assert.deepEqual(server.tools, { echo: { effect: 'read' } })
    assert.equal(server.timeouts.call, '2m')
    assert.deepEqual(Object.keys(server.env ?? {}), ['T'])
    const [echo] = await asJson<Capability[]>('tools', '--search', 'everything__echo')
    assert.equal(echo?.effect, 'read')
  })

  test('list tools by server, type, effect and text, and show one', async () => {
    const all = await asJson<Capability[]>('tools', '--type', 'all')
    const tools = await asJson<Capability[]>('tools', '--server', 'everything')
    assert.ok(all.length > tools.length && tools.every(each => each.primitive_type === 'tool'))
    assert.deepEqual(await asJson('tools', '--server', 'nobody'), [])
    assert.ok((await asJson<Capability[]>('tools', '--effect', 'read')).every(each => each.effect === 'read'))
    assert.match((await castellan('tools', 'show', 'everything__echo')).out, /"message"/)
    assert.equal((await castellan('tools', 'show', 'everything__nothing')).code, exitCodes.missing)
  })

  test('find tools by words, the best first, whole for programs and short for people', async () => {
    assert.match((await castellan('tools', 'search', 'echo', 'mess')).out, /^name +description\neverything__echo +Echo/)
    const [first, ...others] = await asJson<FoundTool[]>('tools', 'search', 'sum of two numbers', '--limit', '1')
    assert.deepEqual([first?.exposed, others], ['everything__get-sum', []])
    assert.equal(typeof first?.definition?.inputSchema, 'object')
    assert.deepEqual(await asJson('tools', 'search', 'echo', '--server', 'nobody'), [])
    assert.match((await castellan('tools', 'search', 'zebra')).out, /^No tool/)
    assert.equal((await castellan('tools', 'search', 'echo', '--limit', 'few')).code, exitCodes.usage)
  })

  test('call a tool with arguments from the command line, a file or standard input', async () => {
    const file = join(plane.folder, 'args.json')
    await writeFile(file, '{"message":"file"}')
    const input = async () => '{"message":"input"}'
    assert.equal((await castellan('call', 'everything__echo', '--args', '{"message":"line"}')).out, 'Echo: line\n')
    assert.equal((await castellan('call', 'everything__echo', '--args-file', file)).out, 'Echo: file\n')
    assert.equal((await plane.castellan(['call', 'everything__echo', '-'], { input })).out, 'Echo: input\n')
    const answer = await asJson<CallAnswer>('call', 'everything__echo', '--args', '{"message":"json"}')
    assert.equal(answer.outcome, 'ok')
  })

  for (const [about, argv] of [
    ['two sources of arguments', ['--args', '{}', '--args-file', 'x']],
    ['arguments that are no object', ['--args', '[1]']],
    ['arguments that are not JSON', ['--args', '{"a":1,"a":2}']],
    ['a strange word', ['{"message":"x"}']],
    ['a timeout without a unit', ['--timeout', '30']],
  ] as const) {
    test(`refuse to call with ${about}`, async () => {
      const { code, err } = await castellan('call', 'everything__echo', ...argv)
      assert.equal(code, exitCodes.usage)
      assert.match(err, /^castellan: .+\n$/)
    })
  }

  test('tell a denial with its code, what to mend, and the call to look up', async () => {
    const { code, out, err } = await castellan('call', 'everything__echo', '--args', '{"message":3}')
    assert.equal(code, exitCodes.denied)
    assert.equal(out, '')
    assert.match(err, /its arguments do not fit.*\/message.*\([0-9a-f-]{36}\)\n$/)
    assert.equal((await castellan('call', 'everything__nothing')).code, exitCodes.denied)
  })

  test('judge a call without running it', async () => {
    const { code, out, err } = await castellan('call', 'everything__echo', '--dry-run', '--args', '{"message":"x"}')
    assert.deepEqual([code, out], [exitCodes.ok, ''])
    assert.match(err, /Nothing was sent/)
  })

  test('run a call with an idempotency key once', async () => {
    const argv = ['call', 'everything__echo', '--args', '{"message":"x"}', '--idempotency-key', 'once']
    const first = await asJson<CallAnswer>(...argv)
    const second = await asJson<CallAnswer>(...argv)
    assert.equal(second.replay_of, first.call_id)
  })

  test('say that a call whose end was not seen must not be repeated blindly', async () => {
    const { code, err } = await castellan('call', LONG, '--args', '{"duration":60,"steps":60}', '--timeout', '300ms')
    assert.equal(code, exitCodes.indeterminate)
    assert.match(err, /Do not repeat it blindly/)
  })

  test('cancel the call when they are interrupted', async () => {
    const earlier = await castellan('journal', 'tail', '--no-follow', '--json')
    const { offset } = JSON.parse(earlier.out.trim().split('\n').at(-1)!) as { offset: number }
    const ending = new AbortController()
    const calling = plane.castellan(['call', LONG, '--args', '{"duration":60,"steps":60}'], {
      interruption: () => ending.signal,
    })
    const { out } = await tail(['--since', String(offset), '--topic', 'call.intended'], () => true)
    assert.match(out, /call\.intended/)
    ending.abort()
    assert.equal((await calling).code, exitCodes.interrupted)
  })

  test('print the journal as it grows until the reader has enough', async () => {
    const { code, out } = await tail(['--since', '0', '--limit', '3'], () => false)
    assert.equal(code, exitCodes.ok)
    assert.deepEqual(out.trim().split('\n').map(line => (JSON.parse(line) as { offset: number }).offset), [1, 2, 3]) // prettier-ignore
    const gone = await tail(['--since', '0'], () => true)
    assert.equal(gone.code, exitCodes.ok)
  })

  /** Follows the journal until a line satisfies. */
  async function tail(argv: readonly string[], enough: (line: string) => boolean) {
    const gone = new AbortController()
    let out = ''
    const world: Partial<World> = {
      readerGone: gone.signal,
      out: text => {
        out += text
        if (enough(text)) gone.abort()
      },
    }
    const { code } = await plane.castellan(['journal', 'tail', '--json', ...argv], world)
    return { code, out }
  }

  test('make a key for a new principal, show it once, and revoke it', async () => {
    const made = await castellan('keys', 'create', '--principal', 'reader', '--role', 'auditor', '--scopes', 'mcp,read', '--expires', '30d') // prettier-ignore
    assert.equal(made.code, exitCodes.ok)
    const key = made.out.trim()
    assert.match(key, /^cst_/)
    const [kept] = (await asJson<Key[]>('keys')).filter(each => each.name === 'reader')
    const days = (Date.parse(kept!.expires_at!) - Date.now()) / 86_400_000
    assert.ok(days > 29.9 && days <= 30)
    assert.equal((await castellan('servers', '--key', key)).code, exitCodes.ok)
    assert.equal((await castellan('servers', 'remove', 'everything', '--key', key)).code, exitCodes.denied)
    assert.equal((await castellan('keys', 'revoke', kept!.id)).code, exitCodes.ok)
    assert.equal((await castellan('servers', '--key', key)).code, exitCodes.denied)
    assert.ok(!(await castellan('keys')).out.includes(key))
  })

  test('do not hand out roles along with a key', async () => {
    const { code, err } = await castellan('keys', 'create', '--principal', 'admin', '--role', 'member')
    assert.equal(code, exitCodes.usage)
    assert.match(err, /has not the role member/)
  })

  test('import the servers of another client, one by one, after showing them', async () => {
    const file = join(plane.folder, 'mcp.json')
    const [command, ...args] = serverProgram('memory')
    const mcpServers = {
      Everything: { command: 'x' },
      Memory: { command, args, env: { T: SECRET } },
      Gone: { command: 'no-such-program-anywhere' },
      off: { command: 'x', disabled: true },
    }
    await writeFile(file, JSON.stringify({ mcpServers }))

    const plan = await castellan('import', file, '--dry-run')
    assert.match(plan.out, /^add +memory .*with T sealed$/m)
    assert.match(plan.out, /^skip +everything .*there already$/m)
    assert.ok(!plan.out.includes(SECRET))
    assert.equal((await castellan('import', file)).code, exitCodes.usage)

    const asked: string[] = []
    const no = await plane.castellan(['import', file], { ask: async question => (asked.push(question), 'n') })
    assert.match(asked[0]!, /^Add 2 servers\? \[y\/N\]/)
    assert.match(no.out, /Nothing was added/)
    assert.equal((await asJson<Server[]>('servers')).length, 1)

    const done = await castellan('import', file, '--yes', '--trust')
    assert.equal(done.code, exitCodes.failed)
    assert.match(done.out, /^added +memory /m)
    assert.match(done.out, /^failed +gone .*failed its probe/m)
    assert.ok(!`${done.out}${done.err}`.includes(SECRET))
    assert.equal((await asJson<Server>('servers', 'show', 'memory')).trusted, true)
  })

  test('apply a file: the plan first, then what differs, then nothing', async () => {
    const file = join(plane.folder, 'castellan.yaml')
    await writeFile(
      file,
      `settings: { port: 1 }
groups: [{ name: office, members: [{ server: everything, names: ['*'] }] }]
grants: [{ to: { role: member }, server: everything, primitive_type: tool, name: echo }]
`,
    )
    const plan = await castellan('apply', '-f', file, '--dry-run')
    assert.match(plan.out, /^create +group +office/m)
    assert.match(plan.out, /^2 to change/m)
    assert.equal((await castellan('apply', '-f', file)).code, exitCodes.usage)
    const done = await plane.castellan(['apply', '-f', file], { ask: async () => 'yes' })
    assert.equal(done.code, exitCodes.ok)
    assert.match(done.out, /^2 done, 0 failed/m)
    assert.match((await castellan('apply', '-f', file)).out, /^Nothing to change: 2 are as declared/)
    assert.match((await castellan('apply', '-f', file, '--prune', '--dry-run')).out, /^delete +grant/m)
  })

  test('plan what the guide to declaring everything declares', async () => {
    const file = join(plane.folder, 'guide.yaml')
    await writeFile(file, await declaredInGuide())
    await mkdir(join(plane.folder, 'workflows'))
    const workflow = 'name: tidy-up\nnodes:\n  - { id: nothing, type: transform, expression: "1" }\n'
    await writeFile(join(plane.folder, 'workflows/tidy-up.yaml'), workflow)
    const { code, out, err } = await castellan('apply', '-f', file, '--dry-run')
    assert.equal(code, exitCodes.ok, err)
    const access = ['server', 'group', 'principal', 'grant', 'limits', 'price', 'budget', 'policies']
    for (const kind of [...access, 'agent', 'team', 'workflow', 'subscription', 'trigger']) {
      assert.match(out, new RegExp(`^(create|update) +${kind} `, 'm'))
    }
    assert.match(out, /^create +workflow +tidy-up/m)
  })

  test('apply what runs, with the workflow in a file of its own, and say in the plan what cannot be done', async () => {
    const file = join(plane.folder, 'runs.yaml')
    const declared = (expression: string) => `workflows: [{ file: flow.yaml }]
triggers: [{ name: often, source: { kind: cron, expression: '${expression}' }, starts: { kind: workflow, name: flow } }]
`
    await writeFile(file, declared('* * * *'))
    await writeFile(
      join(plane.folder, 'flow.yaml'),
      'name: flow\nnodes: [{ id: a, type: transform, expression: "(" }]\n',
    )
    const unread = await castellan('apply', '-f', file, '--dry-run')
    assert.equal(unread.code, exitCodes.usage)
    assert.match(unread.err, /workflows\.0: .*line 2, column \d+: node "a"/)

    await writeFile(
      join(plane.folder, 'flow.yaml'),
      'name: flow\nnodes: [{ id: a, type: transform, expression: "1" }]\n',
    )
    const plan = await castellan('apply', '-f', file, '--dry-run')
    assert.match(plan.out, /^create +workflow +flow *$/m)
    assert.match(plan.out, /^create +trigger +often .*"\* \* \* \*" in UTC/m)

    await writeFile(file, declared('0 4 1 1 *'))
    assert.match((await castellan('apply', '-f', file, '--yes')).out, /^2 done, 0 failed/m)
    assert.match((await castellan('apply', '-f', file, '--prune')).out, /^Nothing to change: 2 are as declared/)
  })

  test('grade the posture, and say when there was nobody to look at', async () => {
    const looked = await castellan('doctor')
    assert.match(looked.out, /^Grade A .*\nLooked at Castellan 0\.1\.0 on http:\/\/127\.0\.0\.1:\d+/)
    assert.match(looked.out, /a key never ends: first key/)
    assert.equal(looked.code, exitCodes.ok)
    const alone = await castellan('doctor', '--url', 'http://127.0.0.1:1')
    assert.match(alone.out, /of settings and files alone\nNo control plane was looked at: There is no answer/)
    assert.equal((await castellan('doctor', '--key', 'cst_wrong')).code, exitCodes.denied)
  })

  test('find what weakens the posture, and then end with 1', async () => {
    const file = join(plane.folder, 'open.yaml')
    await writeFile(file, 'policies: { open.cedar: "permit (principal, action, resource);" }\n')
    assert.equal((await castellan('apply', '-f', file, '--yes')).code, exitCodes.ok)
    const { code, out } = await castellan('doctor', '--json')
    assert.equal(code, exitCodes.failed)
    const report = JSON.parse(out) as { grade: string; findings: { severity: string; what: string }[] }
    assert.equal(report.grade, 'F')
    assert.match(report.findings[0]!.what, /open\.cedar:1 permits everything/)
  })

  test('show the guardrails, change them, and name what is wrong with a file', async () => {
    assert.match((await castellan('guardrails', 'show')).out, /^mode: mixed$/m)
    const file = join(plane.folder, 'guardrails.yaml')
    await writeFile(file, 'mixing: deny\nrules:\n  - tools: ["crm/*"]\n    labels: [confidential]\n')
    const set = await castellan('guardrails', 'set', file)
    assert.match(set.out, /version 1, 1 rule/)
    const { mixing, rules } = await asJson<{ mixing: string; rules: { labels: string[] }[] }>('guardrails', 'show')
    assert.deepEqual([mixing, rules[0]!.labels], ['deny', ['confidential']])
    await writeFile(file, 'rules:\n  - tools: ["crm/*"]\n    mode: hard\n')
    const wrong = await castellan('guardrails', 'set', file)
    assert.equal(wrong.code, exitCodes.usage)
    assert.match(wrong.err, /rules\.0\.mode/)
    assert.equal((await castellan('guardrails', 'health')).code, exitCodes.ok)
  })

  test('remove a server', async () => {
    assert.equal((await castellan('servers', 'remove', 'memory')).code, exitCodes.ok)
    assert.equal((await castellan('servers', 'show', 'memory')).code, exitCodes.missing)
  })

  test('act in the tenant they are told to, if the key belongs to it', async () => {
    assert.equal((await castellan('servers', '--tenant', 'default')).code, exitCodes.ok)
    assert.equal((await castellan('servers', '--tenant', 'other')).code, exitCodes.denied)
  })

  test('never print the key they use', async () => {
    const key = (await readFile(join(plane.folder, 'data/admin.key'), 'utf8')).trim()
    for (const argv of [
      ['servers'],
      ['doctor'],
      ['config', 'explain'],
      ['keys'],
      ['servers', '--url', 'http://127.0.0.1:1'],
    ]) {
      const { out, err } = await castellan(...argv)
      assert.ok(!`${out}${err}`.includes(key))
    }
  })
})
