import { openClient } from '../load/mcp-client.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { type Castellan, startCastellan } from '../stage/castellan.ts'
import { collecting, heldMegabytes } from '../stage/held-memory.ts'
import { residentMegabytes } from '../stage/process-facts.ts'
import { mcpOf, register, startEcho } from '../stage/servers.ts'

export const memory: Measurement = {
  name: 'memory',
  about:
    'Resident memory of Castellan after its start, and what it holds for sessions of 2025 clients that have listed the ' +
    'tools once and are idle. As many are opened and ended before anything is counted, and garbage is collected before ' +
    'each count, so that what is counted is sessions, and neither code that the first loaded nor what nobody holds.',
  run: measure,
}

const sessions = { full: 1_000, quick: 300 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const count = sessions[form]
  await using echo = await startEcho('2025-11-25', 10)
  await using castellan = await startCastellan({
    settings: ['--mcp-max-sessions', String(3 * count)],
    flags: collecting,
  })
  const idle = residentMegabytes(castellan.pid)
  await register(castellan, 'many', echo)
  const key = await castellan.member()
  await openAndLeave(castellan, key, count, true)
  const before = await heldMegabytes(castellan)
  await openAndLeave(castellan, key, count, false)
  const once = await heldMegabytes(castellan)
  await openAndLeave(castellan, key, count, false)
  const twice = await heldMegabytes(castellan)
  const [first, second] = [((once - before) * 1_024) / count, ((twice - once) * 1_024) / count]
  const resident = residentMegabytes(castellan.pid)
  say(
    `idle ${idle.toFixed(0)} MB; ${first.toFixed(1)} KB for each of ${count} sessions, ${second.toFixed(1)} for as many more`,
  )
  return {
    tables: [
      {
        title: 'Memory',
        columns: [
          'resident, idle MB',
          'held without sessions MB',
          `held for each of ${count} sessions KB`,
          `for each of ${count} more KB`,
          `resident with ${2 * count} sessions MB`,
        ],
        rows: [[idle, before, first, second, resident]],
      },
    ],
    numbers: {
      'memory idle MB': idle,
      'memory resident with sessions MB': resident,
      'memory KB per session': (first + second) / 2,
    },
    wrong: [],
  }
}

async function openAndLeave(castellan: Castellan, key: string, count: number, end: boolean): Promise<void> {
  for (let opened = 0; opened < count; opened++) {
    const client = await openClient(mcpOf(castellan, key), '2025-11-25')
    await client.request('tools/list')
    if (end) await client.close()
    else client.drop()
  }
}
