import assert from 'node:assert/strict'
import { Journal, type JournalStore, leafHash, type SequencedEntry } from '../../../journal/index.ts'
import { newId, systemClock } from '../../../kernel/index.ts'

/** An entry that begins a stream of its own. */
export function anEntry(journal: JournalStore, data = {}) {
  const draft = { tenant: 'acme', stream: `call:${newId()}`, seq: 0, type: 'call.ended', principal: 'ann' }
  return new Journal(journal, systemClock).seal({ ...draft, correlationId: 'c', data })
}

/** The whole journal, after proof that its offsets have no gap and its hashes hold. */
export async function wholeJournal(journal: JournalStore): Promise<SequencedEntry[]> {
  const all: SequencedEntry[] = []
  for (let page; (page = await journal.read(all.length, 1_000)).length > 0;) all.push(...page)
  for (const [index, { offset, ...entry }] of all.entries()) {
    assert.equal(offset, index + 1)
    assert.equal(leafHash(entry), entry.leafHash)
  }
  return all
}

/** Waits for a fact, bounded. */
export async function until(fact: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000
  while (!(await fact())) {
    assert.ok(performance.now() < end, `gave up waiting: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
