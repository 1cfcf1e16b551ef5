import type { HistorySettings } from '@castellan/contracts'
import { type Note, type NoteStore, searchNotes, type Shelf, wordsIn } from '../../../history/index.ts'
import { type Clock, formatSize, isFault, isoTime, newId, parseSize } from '../../../kernel/index.ts'
import { type Asked, fields, refused, tool, type Tool, type Toolbox } from '../tool.ts'

export interface HistoryParts {
  readonly notes: NoteStore
  /** Takes out the secrets that are known here. */
  readonly mask: (text: string) => string
  readonly clock: Clock
}

/** What agents want to remember, found again by words, tags and time. Each principal has notes of its own, unless a tenant shares them. */
export function history(settings: HistorySettings, parts: HistoryParts): Toolbox {
  const shelfOf = ({ call: { identity, server } }: Asked): Shelf => ({
    tenant: identity.tenant,
    // By name, as pins are: a server that is added again has what it had.
    name: settings.scope === 'tenant' ? server.name : `${server.name}/${identity.principal.id}`,
  })
  return {
    tools: [append(settings, parts, shelfOf), search(parts, shelfOf), recall(parts, shelfOf), forget(parts, shelfOf)],
    // The store is there as long as the control plane is.
    probe: async () => undefined,
  }
}

type ShelfOf = (asked: Asked) => Shelf

interface AppendWish {
  readonly text: string
  readonly tags?: readonly string[]
}

function append(
  { max_notes: most, max_size }: HistorySettings,
  { notes, mask, clock }: HistoryParts,
  shelfOf: ShelfOf,
): Tool {
  return tool<AppendWish>(
    {
      name: 'append',
      description: `Keeps a note of at most ${max_size}; secrets that are known here are taken out of it. There is room for ${most} notes.`,
      inputSchema: fields(
        {
          text: { type: 'string', minLength: 1 },
          tags: { type: 'array', maxItems: 20, items: tag, description: 'To find it by.' },
        },
        ['tags'],
      ),
      outputSchema: fields({ id: { type: 'string' }, at: { type: 'string' } }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    async (wish, asked) => {
      const bytes = Buffer.byteLength(wish.text)
      if (bytes > parseSize(max_size)) throw refused(`the note has ${formatSize(bytes)}, and ${max_size} is the most`)
      const shelf = shelfOf(asked)
      if ((await notes.extent(shelf)).notes >= most) throw refused(`there are ${most} notes already; forget some`)
      const text = mask(wish.text)
      const tags = [...new Set((wish.tags ?? []).map(mask))]
      const { identity, context } = asked.call
      const at = isoTime(clock.now())
      const note: Note = { id: newId(), text, tags, principal: identity.principal.id, session: context.sessionId, at }
      await notes.add(shelf, note, wordsIn(text))
      return { structured: { id: note.id, at }, text: `Kept as ${note.id}.` }
    },
  )
}

interface SearchWish {
  readonly query: string
  readonly this_session?: boolean
  readonly limit?: number
}

function search({ notes }: HistoryParts, shelfOf: ShelfOf): Tool {
  return tool<SearchWish>(
    {
      name: 'search',
      description: 'Finds notes by words, the best first.',
      inputSchema: fields({ query: { type: 'string', minLength: 1, maxLength: 1_000 }, this_session: here, limit }, [
        'this_session',
        'limit',
      ]),
      outputSchema: fields({ notes: { type: 'array', items: note } }),
      annotations: reading,
      _meta: untrusted,
    },
    async ({ query, this_session = false, limit = 10 }, asked) => {
      const found = await searchNotes(notes, shelfOf(asked), query, sessionFor(asked, this_session), limit)
      return answerOf(found)
    },
  )
}

interface RecallWish {
  readonly id?: string
  readonly tag?: string
  readonly since?: string
  readonly before?: string
  readonly this_session?: boolean
  readonly limit?: number
}

function recall({ notes }: HistoryParts, shelfOf: ShelfOf): Tool {
  return tool<RecallWish>(
    {
      name: 'recall',
      description: 'Shows notes, newest first: one by its id, or those with a tag, from a time on, or of this session.',
      inputSchema: fields(
        {
          id: { type: 'string', maxLength: 36 },
          tag,
          since: { type: 'string', maxLength: 40, description: 'A time, such as 2030-01-31T12:00:00Z' },
          before: { type: 'string', maxLength: 36, description: 'The id of the last note seen, to go on from there.' },
          this_session: here,
          limit,
        },
        ['id', 'tag', 'since', 'before', 'this_session', 'limit'],
      ),
      outputSchema: fields({ notes: { type: 'array', items: note } }),
      annotations: reading,
      _meta: untrusted,
    },
    async ({ id, tag = null, since, before = null, this_session = false, limit = 10 }, asked) => {
      const shelf = shelfOf(asked)
      if (id !== undefined) return answerOf(await notes.named(shelf, [id]))
      const filter = {
        tag,
        since: since === undefined ? null : timeIn(since),
        session: sessionFor(asked, this_session),
      }
      return answerOf(await notes.notes(shelf, filter, before, limit))
    },
  )
}

function forget({ notes }: HistoryParts, shelfOf: ShelfOf): Tool {
  return tool<{ readonly id: string }>(
    {
      name: 'forget',
      description: 'Removes a note for good.',
      inputSchema: fields({ id: { type: 'string', maxLength: 36 } }),
      outputSchema: fields({ id: { type: 'string' } }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    async ({ id }, asked) => {
      try {
        await notes.remove(shelfOf(asked), id)
      } catch (error) {
        if (isFault(error, 'NOT_FOUND')) throw refused(`there is no note "${id}"`)
        throw error
      }
      return { structured: { id }, text: 'Forgotten.' }
    },
  )
}

function answerOf(found: readonly Note[]) {
  const shown = found.map(({ id, text, tags, session, at }) => ({ id, text, tags: [...tags], session, at }))
  const text = shown.map(each => `${each.at} ${each.id}${each.tags.map(tag => ` #${tag}`).join('')}\n${each.text}`)
  return { structured: { notes: shown }, text: text.join('\n\n') || 'Nothing.' }
}

function sessionFor({ call: { context } }: Asked, wanted: boolean): string | null {
  if (!wanted) return null
  if (context.sessionId === null) throw refused('the call is of no session')
  return context.sessionId
}

function timeIn(text: string): string {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw refused(`"${text}" is no time; write it like 2030-01-31T12:00:00Z`)
  return new Date(time).toISOString()
}

const tag = { type: 'string', minLength: 1, maxLength: 100 }
const here = { type: 'boolean', description: 'Only notes of this session.' }
const limit = { type: 'integer', minimum: 1, maximum: 100, description: '10 unless told.' }
const note = fields({
  id: { type: 'string' },
  text: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } },
  session: { type: ['string', 'null'] },
  at: { type: 'string' },
})
const reading = { readOnlyHint: true, openWorldHint: false }
/** Whatever a session had read when it wrote a note may be in it. */
const untrusted = { 'castellan/labels': ['untrusted'] }
