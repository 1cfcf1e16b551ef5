import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { DEFAULT_TENANT } from '../../apps/castellan/src/identity/index.ts'
import { type Draft, Journal } from '../../apps/castellan/src/journal/index.ts'
import { newId, systemClock } from '../../apps/castellan/src/kernel/index.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { startCastellan } from '../stage/castellan.ts'
import { residentMegabytes } from '../stage/process-facts.ts'
import { scratchFolder } from '../stage/scratch.ts'

export const report: Measurement = {
  name: 'report',
  about:
    'Reports on everything, made by `castellan report` of a control plane that has just started: six in ten are steps of one session, ' +
    'every other of them with a call, the others are calls in sessions their clients named. Memory is the most that was seen resident, ' +
    'looked at every 20 ms; a control plane grows by what it has then more than before.',
  run: measure,
}

const program = new URL('../../apps/castellan/bin/castellan.js', import.meta.url).pathname
const steps = { full: 100_000, quick: 5_000 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const folder = scratchFolder('castellan')
  await (await startCastellan({ folder })).stop()
  await fill(folder, steps[form])
  const rows: (string | number)[][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  for (const format of ['json', 'xlsx', 'html']) {
    await using castellan = await startCastellan({ folder })
    // What a control plane loads with its first report it would have loaded with its first call.
    await castellan.ask('POST', '/api/guardrails/scan', { text: 'Call Ann at +44 20 7946 0958' })
    const before = residentMegabytes(castellan.pid)
    const file = join(folder, `report.${format}`)
    const started = performance.now()
    const made = await run(castellan.url, castellan.pid, folder, ['--since', '24d', '--format', format, '--out', file])
    const seconds = (performance.now() - started) / 1_000
    if (made.code !== 0) wrong.push(`castellan report --format ${format} ended with ${made.code}: ${made.errors}`)
    const size = made.code === 0 ? statSync(file).size / 1_048_576 : Number.NaN
    const grown = made.server - before
    say(`${format}: ${seconds.toFixed(1)} s, ${size.toFixed(1)} MB, server +${grown.toFixed(0)} MB to ${made.server.toFixed(0)} MB, command ${made.command.toFixed(0)} MB`) // prettier-ignore
    rows.push([format, seconds, size, before, made.server, grown, made.command])
    numbers[`report ${format} server grows MB`] = grown
    numbers[`report ${format} seconds`] = seconds
  }
  return {
    tables: [
      {
        title: `Reports on ${steps[form].toLocaleString('en')} steps`,
        columns: ['format', 'seconds', 'size MB', 'server before MB', 'at most MB', 'grown MB', 'command at most MB'],
        rows,
      },
    ],
    numbers,
    wrong,
  }
}

/** Runs the command and looks how much memory it and the control plane have meanwhile. */
async function run(url: string, server: number, folder: string, argv: readonly string[]) {
  const child = spawn(process.execPath, [program, 'report', ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, CASTELLAN_URL: url, CASTELLAN_DATA: folder },
  })
  let errors = ''
  child.stderr.on('data', text => void (errors += String(text)))
  const most = { server: 0, command: 0 }
  const timer = setInterval(() => {
    most.server = Math.max(most.server, residentMegabytes(server))
    most.command = Math.max(most.command, residentMegabytes(child.pid!) || 0)
  }, 20)
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearInterval(timer)
  return { ...most, code, errors }
}

/** Writes what so many steps leave in the journal, as sessions and gate write it. */
async function fill(folder: string, count: number): Promise<void> {
  const stores = await openSqlite({ folder, clock: systemClock })
  try {
    const journal = new Journal(stores.journal, systemClock)
    const principal = newId()
    const session = newId()
    const line = { tenant: DEFAULT_TENANT, principal, correlationId: newId() }
    const inSession = { ...line, stream: `session:${session}` }
    let drafts: Draft[] = [
      { ...inSession, seq: 0, type: 'session.opened', data: { config: 'c', model: 'openai/gpt-5-mini', name: 'a long one', preflight: { signals: 0, verdict: 'allow' }, rules: 'r' } },
    ] // prettier-ignore
    let step = 0
    for (let index = 0; index < count; index++) {
      const asStep = index % 10 < 6
      const stepId = newId()
      const call = asStep && index % 2 === 0 ? null : newId()
      const denied = index % 25 === 0
      if (call !== null) {
        const made = { ...line, stream: `call:${call}`, ...(asStep ? { causationId: stepId } : {}) }
        const data = { capability: `read_${index % 40}`, server: 'files', session: asStep ? session : `talk-${index % 50}`, via: 'mcp', method: 'tools/call', primitive: 'tool', effect: 'read', idempotency_key: null, open_world: false, args: `sha256:${'0'.repeat(64)}`, call: `sha256:${'1'.repeat(64)}`, definition: `sha256:${'2'.repeat(64)}` } // prettier-ignore
        if (denied)
          drafts.push({ ...made, seq: 0, type: 'call.denied', data: { ...data, outcome: 'denied_policy', guard: 'policy', reasons: ['no policy permits it'] } }) // prettier-ignore
        else {
          drafts.push({ ...made, seq: 0, type: 'call.intended', data })
          drafts.push({ ...made, seq: 1, type: 'call.ended', data: { attempts: 1, capability: data.capability, server: 'files', effect: 'read', outcome: 'ok', is_error: false, latency_ms: 1 + (index % 997) } }) // prettier-ignore
        }
      }
      if (asStep)
        drafts.push({ ...inSession, seq: ++step, type: 'session.step', data: stepData(step, stepId, call, denied) })
      if (drafts.length < 1_000 && index < count - 1) continue
      await journal.append(...drafts)
      drafts = []
    }
  } finally {
    await stores.close()
  }
}

function stepData(number: number, id: string, call: string | null, denied: boolean) {
  const text = `Parcel ${number} left the depot in street ${number % 97} and should arrive tomorrow; please call back later at noon, the reference is A-${number * 7} and the driver knows about the gate and the dog behind it.`
  return {
    step_id: id,
    number,
    role: call === null ? 'user' : 'assistant',
    channel: call === null ? 'user_to_llm' : 'llm_to_tool',
    selected_tool: call === null ? null : `files__read_${number % 40}`,
    decision: denied && call !== null ? 'denied_policy' : 'ok',
    output_text: text.slice(0, 200),
    error: denied && call !== null ? 'The call was refused by policy.' : null,
    latency_ms: 1 + (number % 997),
    tokens_in: 100 + (number % 50),
    tokens_out: number % 20,
    tokens_guessed: false,
    cost_est: 0.0001 + (number % 9) / 1_000_000,
    guardrail_signals: number % 30 === 0 ? [{ metric: 'pii', category: 'email', confidence: 0.9, action: 'redact', fingerprint: null }] : [], // prettier-ignore
    reused_fingerprints: [],
    call_id: call,
    at: new Date().toISOString(),
  }
}
