import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import readXlsxFile from 'read-excel-file/node'
import { report as reportSchema } from '@castellan/contracts'
import { CastellanClient, Unreachable } from '@castellan/sdk'
import { openSqlite } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { DEFAULT_TENANT } from '../../apps/castellan/src/identity/index.ts'
import { type Draft, Journal } from '../../apps/castellan/src/journal/index.ts'
import { newId, systemClock } from '../../apps/castellan/src/kernel/index.ts'
import { type ControlPlane, controlPlane, stdioServer, until } from '../support/control-plane.ts'

const files = mkdtempSync(join(tmpdir(), 'castellan-reports-'))
const path = join(files, 'order.txt')
const reading = { role: 'assistant', tool_name: 'files__read_text_file', tool_args: { path } } as const
let castellan: ControlPlane
let admin: CastellanClient
let session: string

before(async () => {
  castellan = await controlPlane()
  admin = new CastellanClient(castellan)
  await castellan.ask('POST', '/api/mcp-servers', { ...stdioServer('filesystem', files), name: 'files' })
  writeFileSync(path, 'Order 17: pay with 4111 1111 1111 1111 please')
  const opened = await admin.startSession({
    name: 'for bob@example.org',
    policy_config: { blocklist: ['files/write_*'] },
  })
  session = opened.id
  await opened.step(reading)
  await opened.step({ role: 'assistant', tool_name: 'files__write_file', tool_args: { path, content: '=1+1' } })
  await opened.step({ role: 'user', input_text: '=HYPERLINK("http://x")' })
  await opened.close()
  const call = { name: 'files__read_text_file', args: { path } }
  await admin.calls.create({ ...call, run_id: 'run-1' })
  await until('the call to be written', () => admin.reports.get({ since: '1d' }), ({ mcp_details: { summary } }) => summary.total_steps === 4 && summary.decisions['open'] === undefined) // prettier-ignore
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

const fetched = async (query: string, key = castellan.key) =>
  fetch(`${castellan.url}/api/reports?${query}`, { headers: { authorization: `Bearer ${key}` } })
const bytesOf = async (query: string) => Buffer.from(await (await fetched(query)).arrayBuffer())

async function member(name: string): Promise<CastellanClient> {
  const principal = await admin.principals.create({ name, kind: 'agent', roles: ['member'] })
  const { plaintext } = await admin.keys.create({ principal: principal.id, name, scopes: ['mcp', 'read'] })
  return new CastellanClient({ url: castellan.url, key: plaintext })
}

describe('a report over REST', () => {
  test('tells of a session and of what was outside of it, masked', async () => {
    const one = reportSchema.parse(await admin.reports.get({ session }))
    const { sessions, summary } = one.mcp_details
    assert.deepEqual([summary.total_sessions, summary.total_steps], [1, 3])
    assert.deepEqual(summary.decisions, { denied_limit: 1, ok: 2 })
    assert.deepEqual(summary.tools_used, { files__read_text_file: 1, files__write_file: 1 })
    assert.equal(sessions[0]?.name, 'for [redacted:email]')
    assert.match(String(sessions[0].steps[1]?.reasons[0]), /blocked/)
    assert.doesNotMatch(JSON.stringify(one), /4111|example\.org/)
    const all = await admin.reports.get({ since: '1d' })
    assert.deepEqual([all.mcp_details.summary.total_sessions, all.mcp_details.summary.total_loose_calls], [2, 1])
    assert.equal((await admin.reports.get({ run: 'run-1' })).mcp_details.summary.total_steps, 1)
  })

  test('is asked for as the guide says', async () => {
    const client = admin
    // #region report
    const { mcp_details: details } = await client.reports.get({ session })
    const { total_steps, decisions, tools_used } = details.summary
    // #endregion
    assert.deepEqual([total_steps, decisions['ok'], tools_used['files__read_text_file']], [3, 2, 1])
  })

  test('is byte for byte the same each time, as JSON, workbook and page, and says what it is', async () => {
    for (const [format, type, disposition] of [
      ['json', 'application/json', 'inline'],
      ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'attachment'],
      ['html', 'text/html; charset=utf-8', 'inline'],
    ]) {
      const query = `session=${session}&format=${format}`
      assert.ok((await bytesOf(query)).equals(await bytesOf(query)), format)
      const { headers } = await fetched(query)
      assert.equal(headers.get('content-type')?.replace('json; charset=utf-8', 'json'), type)
      assert.equal(
        headers.get('content-disposition'),
        `${disposition}; filename="castellan-session-${session}.${format}"`,
      )
    }
    const details = (await readXlsxFile(await bytesOf(`session=${session}&format=xlsx`)))[1]
    assert.deepEqual([details?.sheet, details?.data.length], ['MCP_Details', 4])
    const page = (await bytesOf(`session=${session}&format=html`)).toString()
    assert.match(page, /for \[redacted:email\]/)
    assert.match((await fetched(`since=1d&format=html`)).headers.get('content-security-policy')!, /style-src 'sha256-/)
  })

  test('is for members on what they did themselves, and for nobody else', async () => {
    const bob = await member('bob')
    await assert.rejects(bob.reports.get({ session }), { status: 404, code: 'NOT_FOUND' })
    await assert.rejects(bob.reports.get({ run: 'run-1' }), { status: 404 })
    const own = await bob.reports.get({ since: '1d' })
    assert.deepEqual([own.report.sees, own.mcp_details.summary.total_steps], ['own', 0])
    assert.equal((await fetch(`${castellan.url}/api/reports?since=1d`)).status, 401)
  })

  test('refuses what is not understood', async () => {
    for (const query of ['', `session=${session}&since=1d`, 'since=yesterday', 'since=1d&format=pdf', 'session='])
      assert.equal((await fetched(query)).status, 400, query)
    assert.equal((await fetched('run=nope')).status, 404)
  })
})

describe('castellan report', () => {
  const castellanIn = async (argv: readonly string[], given = {}) =>
    run(argv, { ...given, variables: { CASTELLAN_URL: castellan.url, CASTELLAN_KEY: castellan.key } })

  test('writes the very file, whole or not at all', async () => {
    const out = mkdtempSync(join(files, 'out-'))
    for (const format of ['json', 'xlsx', 'html']) {
      const file = join(out, `report.${format}`)
      const { code } = await castellanIn(['report', '--session', session, '--format', format, '--out', file])
      assert.equal(code, 0)
      assert.ok(readFileSync(file).equals(await bytesOf(`session=${session}&format=${format}`)), format)
    }
    const missing = await castellanIn(['report', '--run', 'nope', '--out', join(out, 'none.json')])
    assert.equal(missing.code, 4)
    assert.deepEqual(readdirSync(out).toSorted(), ['report.html', 'report.json', 'report.xlsx'])
    assert.equal((await castellanIn(['report', '--since', '1d', '--out', join(out, 'no', 'such', 'folder')])).code, 2)
    assert.equal((await castellanIn(['report'])).code, 2)
    assert.equal((await castellanIn(['report', '--since', '1d', '--run', 'r'])).code, 2)
  })

  test('pours JSON where it is piped, and shows a bar to whoever watches', async () => {
    const piped = await castellanIn(['report', '--session', session])
    assert.deepEqual([piped.code, piped.err], [0, ''])
    assert.equal(reportSchema.parse(JSON.parse(piped.out)).mcp_details.summary.total_steps, 3)
    const watched = await castellanIn(['report', '--session', session, '--out', '-'], { interactive: true })
    assert.match(watched.err, /100 % {2}3 of 3 steps/)
    assert.ok(watched.err.endsWith('\r\u001B[K'))
  })

  test('castellan sessions lists them, and shows one with its steps', async () => {
    const { out } = await castellanIn(['sessions', 'list'])
    assert.match(out, new RegExp(`${session} +for bob@example.org +admin +closed +3 +1 `))
    const shown = await castellanIn(['sessions', 'show', session])
    assert.match(shown.out, /decisions +2 ok, 1 denied_limit/)
    assert.match(shown.out, /^2 +llm_to_tool +files__write_file +denied_limit/m)
    assert.equal((await castellanIn(['sessions', 'show', newId()])).code, 4)
  })
})

describe('a report that is broken off', () => {
  let long: ControlPlane
  before(async () => {
    const first = await controlPlane()
    await first.stop()
    await fill(first.folder, 20_000)
    long = await controlPlane({}, first.folder)
  })
  after(() => long[Symbol.asyncDispose]())

  test('never looks like a whole one', async () => {
    const headers = { authorization: `Bearer ${long.key}` }
    const asked = request(`${long.url}/api/reports?since=1d`, { headers }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 200)
    const lines = new CastellanClient(long).reports.download({ since: '1d', format: 'xlsx' })
    for (let part = await lines.next(); !('bytes' in part.value!); part = await lines.next()) continue
    // Nobody reads on, so that most of both is still to come.
    await long.stop()
    await assert.rejects(
      async () => {
        for await (const _ of answer) continue
      },
      { code: 'ECONNRESET' },
    )
    await assert.rejects(async () => {
      for (let part = await lines.next(); !part.done; part = await lines.next()) continue
    }, Unreachable)
  })
})

/** Writes a session of so many steps, as they are journaled. */
async function fill(folder: string, count: number): Promise<void> {
  const stores = await openSqlite({ folder, clock: systemClock })
  const journal = new Journal(stores.journal, systemClock)
  const line = { tenant: DEFAULT_TENANT, stream: `session:${newId()}`, principal: newId(), correlationId: newId() }
  const at = systemClock.now().toISOString()
  const drafts: Draft[] = [{ ...line, seq: 0, type: 'session.opened', data: { name: 'long', model: null } }]
  for (let number = 1; number <= count; number++) {
    const text = Array.from({ length: 20 }, () => newId().slice(24)).join(' ').slice(0, 200) // prettier-ignore
    const data = { step_id: newId(), number, role: 'user', channel: 'user_to_llm', selected_tool: null, decision: 'ok', output_text: text, error: null, latency_ms: 1, tokens_in: 1, tokens_out: 0, tokens_guessed: true, cost_est: null, guardrail_signals: [], reused_fingerprints: [], call_id: null, at } // prettier-ignore
    drafts.push({ ...line, seq: number, type: 'session.step', data })
    if (drafts.length === 1_000 || number === count) await journal.append(...drafts.splice(0))
  }
  await stores.close()
}
