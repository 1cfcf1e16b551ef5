// A process that appends as fast as it can and says on standard output what was acknowledged, one id a line.
// Arguments: `sqlite <folder>` or `postgres <url>`, and how many entries to append.
import { once } from 'node:events'
import { Journal } from '../../../journal/index.ts'
import { newId, systemClock } from '../../../kernel/index.ts'
import { openPostgres, openSqlite } from '../index.ts'

const [dialect, place, count] = process.argv.slice(2) as [string, string, string]
const stores =
  dialect === 'sqlite' ? await openSqlite({ folder: place, clock: systemClock }) : await openPostgres({ url: place })
const journal = new Journal(stores.journal, systemClock)

let left = Number(count)
process.stdout.setMaxListeners(0)
await Promise.all(Array.from({ length: 16 }, writeOn))
await stores.close()

async function writeOn(): Promise<void> {
  const stream = `run:${newId()}`
  for (let seq = 0; left-- > 0; seq++) {
    const draft = { tenant: 'acme', stream, seq, type: 'run.stepped', principal: 'ann', correlationId: 'c' }
    const [entry] = await journal.append({ ...draft, data: { pid: process.pid, seq, padding: 'x'.repeat(300) } })
    if (!process.stdout.write(`${entry!.id}\n`)) await once(process.stdout, 'drain')
  }
}
