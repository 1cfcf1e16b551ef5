import { setTimeout as pause } from 'node:timers/promises'
import { revisions } from '../echo/dialect.ts'
import { openClient } from '../load/mcp-client.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { type Castellan, startCastellan } from '../stage/castellan.ts'
import { collecting, heldMegabytes } from '../stage/held-memory.ts'
import { descendants, openHandles, residentMegabytes } from '../stage/process-facts.ts'
import { echoCommand, mcpOf, register } from '../stage/servers.ts'

export const cycles: Measurement = {
  name: 'cycles',
  about:
    'Clients of both revisions that connect, call a tool of a server over stdio and go away without a word, every other one ' +
    'before the answer is there. Afterwards it is counted what is left of them, once sessions and servers have been idle ' +
    'for as long as they may be (a second here).',
  run: measure,
}

const counts = { full: 10_000, quick: 200 }
const AT_ONCE = 8

async function measure({ form, say }: Setting): Promise<Finding> {
  const count = counts[form]
  await using castellan = await startCastellan({
    settings: ['--mcp-session-idle', '1s', '--stdio-idle-stop', '1s'],
    flags: collecting,
  })
  const key = await castellan.member()
  for (const revision of revisions) await register(castellan, nameOf(revision), echoCommand(revision))
  await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => cycle(castellan, key, lane)))
  const before = await quiet(castellan)
  let next = 0
  let failed = 0
  let firstFailure = ''
  const started = performance.now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) {
        try {
          await cycle(castellan, key, next++)
        } catch (error) {
          failed++
          firstFailure ||= (error as Error).message
        }
      }
    }),
  )
  const each = (performance.now() - started) / count
  const after = await quiet(castellan)
  say(`${count} cycles, ${each.toFixed(2)} ms each; left: ${JSON.stringify(after)}`)
  const grown = Math.max(0, after.handles - before.handles)
  return {
    tables: [
      {
        title: `${count} cycles, ${AT_ONCE} at once, ${each.toFixed(2)} ms each`,
        columns: ['', 'sessions', 'handles', 'processes', 'resident MB', 'held MB'],
        rows: Object.entries({ before, after }).map(([when, left]) => [
          when,
          left.sessions,
          left.handles,
          left.processes,
          left.resident,
          left.held,
        ]),
      },
    ],
    numbers: {
      'cycles ms each': each,
      'cycles sessions left': after.sessions,
      'cycles processes left': after.processes,
      'cycles handles grown': grown,
      'cycles memory held more MB': after.held - before.held,
    },
    wrong: failed > 0 ? [`cycles: ${failed} failed, the first: ${firstFailure}`] : [],
  }
}

async function cycle(castellan: Castellan, key: string, index: number): Promise<void> {
  const revision = revisions[(index >> 1) % 2]!
  const client = await openClient(mcpOf(castellan, key), revision)
  const text = `cycle ${index}`
  const calling = client.request('tools/call', { name: `${nameOf(revision)}__echo`, arguments: { text } })
  if (index % 2 === 1) {
    calling.catch(() => undefined)
    // The request is on its way by then, and its answer is not yet here.
    await pause(0)
  } else if (!JSON.stringify(await calling).includes(text)) throw new Error('not the echo')
  client.drop()
}

function nameOf(revision: string): string {
  return `echo${revision.slice(0, 4)}`
}

interface Left {
  readonly sessions: number
  readonly handles: number
  readonly processes: number
  /** Megabytes, as found and without garbage. */
  readonly resident: number
  readonly held: number
}

/** What is there when sessions and processes are gone, or after half a minute in which they should have. */
async function quiet(castellan: Castellan): Promise<Left> {
  for (let look = 0; ; look++) {
    const sessions = await openSessions(castellan)
    const processes = descendants(castellan.pid).length
    if ((sessions === 0 && processes === 0) || look === 60) {
      const handles = openHandles(castellan.pid)
      const resident = residentMegabytes(castellan.pid)
      return { sessions, processes, handles, resident, held: await heldMegabytes(castellan) }
    }
    await pause(500)
  }
}

async function openSessions(castellan: Castellan): Promise<number> {
  const text = await castellan.text('/metrics')
  return Number(/^castellan_mcp_sessions(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? Number.NaN)
}
