import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Revision, revisions } from '../support/mcp-client.ts'
import type { Attempt, Attempts } from './attempts.ts'
import { type Caller, mcpCaller, restCaller } from './clients.ts'
import type { Plane } from './plane.ts'
import type { Random } from '../support/random.ts'
import type { Rest } from '../support/rest.ts'
import type { Shelf } from './shelf.ts'
import type { Tail } from './tail.ts'

/**
 * Clients of every kind at work: callers by REST and both revisions of MCP, writers of resources, a reader of the journal.
 * They go on until the control plane is gone; then `over` frees whoever still waits for an answer.
 */
export async function storm(
  parts: {
    readonly rest: Rest
    readonly attempts: Attempts
    readonly shelf: Shelf
    readonly tail: Tail
    readonly random: Random
    /** Calls made at once besides, so that many are open. */
    readonly crowd: number
  },
  plane: Plane,
  over: AbortSignal,
): Promise<void> {
  const gone = () => plane.isGone
  const { rest, attempts, shelf, tail, random, crowd } = parts
  const byRest = restCaller(rest, over)
  const working = [tail.follow(rest, over)]
  for (let writer = 0; writer < 2; writer++) working.push(shelf.write(rest, random.fork(), gone, over))
  for (let caller = 0; caller < 4; caller++) working.push(keepCalling(byRest, random.fork()))
  for (const revision of revisions) working.push(byMcp(revision, random.fork()))
  for (let one = 0; one < crowd; one++)
    working.push(tryOnce(byRest, attempts.make('ledger', 'slow', true, { ms: 500 })))
  await Promise.all(working)

  async function byMcp(revision: Revision, random: Random): Promise<void> {
    let caller: Caller
    try {
      caller = await mcpCaller(rest, revision, over)
    } catch (error) {
      return complain(error)
    }
    await Promise.all([keepCalling(caller, random.fork()), keepCalling(caller, random.fork())])
    await caller[Symbol.asyncDispose]()
  }

  async function keepCalling(caller: Caller, random: Random): Promise<void> {
    while (!gone() && !over.aborted) await tryOnce(caller, attempts.any(random))
  }

  async function tryOnce(caller: Caller, attempt: Attempt): Promise<void> {
    try {
      attempts.answered(attempt, await caller.call(attempt))
    } catch (error) {
      await complain(error)
    }
  }

  /** No answer is what a kill looks like; from a control plane that lives on it is a fault. */
  async function complain(why: unknown): Promise<void> {
    if (over.aborted) return
    const freed = once(over, 'abort')
    const ended = await Promise.race([plane.ended, freed, delay(2_000, undefined, { ref: false })])
    if (ended === undefined) attempts.broken.push(String(why))
  }
}
