import { fault } from '../kernel/index.ts'
import type { Tale, Told } from './run.ts'
import { word } from './word.ts'

/**
 * The lines with which a run goes on that begins as another did, up to a line of it. What had been begun by then is known by how it
 * ended in the other, however late that was: nothing is done again. What people answered, they answered to the other: no run begins after
 * that. Pure; throws `REQUEST_INVALID` for a line that is not there, and where something is still under way.
 */
export function forkedLines(lines: readonly Told[], at: number): readonly Tale[] {
  const last = lines.findIndex(({ type }) => ends.has(type))
  const most = (last < 0 ? lines.length : last) - 1
  if (!Number.isInteger(at) || at < 0 || at > most)
    throw fault('REQUEST_INVALID', { why: `"at" must be the number of a line of the run, from 0 to ${most}` })
  const kept = lines.slice(1, at + 1).filter(({ type }) => !commands.has(type))
  const answered = kept.find(({ type }) => type === 'wait.answered')
  if (answered)
    throw fault('REQUEST_INVALID', {
      why: `with line ${answered.seq} somebody answered this run, and no other: "at" must be less, so that they are asked again`,
    })
  const open = new Set<string>()
  for (const { type, data } of kept) {
    if (type === 'tool.requested' || type === 'child.requested') open.add(word(data['step']))
    if (isEnd(type)) open.delete(word(data['step']))
  }
  const later = lines.slice(at + 1).filter(({ type, data }) => isEnd(type) && open.delete(word(data['step'])))
  const [step] = open
  if (step !== undefined)
    throw fault('REQUEST_INVALID', {
      why: `the step "${step}" has not ended yet, and would be done again; wait for it`,
    })
  return [...kept, ...later].map(({ type, seq, data, payload }) => {
    const { payload: _digest, ...said } = data
    return { type, data: { ...said, copied: seq }, ...(payload === undefined ? {} : { payload }) }
  })
}

function isEnd(type: string): boolean {
  return type === 'tool.ended' || type === 'tool.settled' || type === 'child.ended'
}

const ends = new Set(['run.completed', 'run.failed', 'run.cancelled'])
/** What people wanted of the other run. */
const commands = new Set(['run.paused', 'run.resumed', 'run.cancel_requested'])
