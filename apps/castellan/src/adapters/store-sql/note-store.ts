import { sql } from 'kysely'
import type { Note, NoteStore, Shelf } from '../../history/index.ts'
import { compile, type Compiler } from './compile.ts'
import type { Database, Statement } from './database.ts'
import { parseBody } from './resource.ts'
import type { NoteWordRow } from './tables.ts'

export function noteStore(database: Database, db: Compiler): NoteStore {
  const on = ({ tenant, name }: Shelf) =>
    db.selectFrom('notes').where('notes.tenant', '=', tenant).where('notes.shelf', '=', name)
  return {
    add: (shelf, note, words) => database.write(adding(db, shelf, note, words)),
    async notes(shelf, { session, tag, since }, before, limit) {
      const query = on(shelf)
        .select('notes.body')
        .$if(session !== null, each => each.where('notes.session', '=', session!))
        .$if(since !== null, each => each.where('notes.at', '>=', since!))
        .$if(before !== null, each => each.where('notes.id', '<', before!))
        .$if(tag !== null, each =>
          each.where('notes.id', 'in', wordsOn(db, shelf).select('note').where('word', '=', tagWord(tag!))),
        )
        .orderBy('notes.id', 'desc')
        .limit(limit)
      return (await database.read(compile(query))).map(parseBody<Note>)
    },
    async named(shelf, ids) {
      if (ids.length === 0) return []
      return (await database.read(compile(on(shelf).select('notes.body').where('notes.id', 'in', ids)))).map(
        parseBody<Note>,
      )
    },
    occurrences(shelf, words, session) {
      const query = wordsOn(db, shelf)
        .innerJoin('notes', 'notes.id', 'note_words.note')
        .select(['note_words.note', 'note_words.word', 'note_words.times', 'notes.length'])
        .where('note_words.word', 'in', words)
        .$if(session !== null, each => each.where('notes.session', '=', session!))
      return database.read(compile(query))
    },
    async extent(shelf) {
      // PostgreSQL sums up into a number of any size, which comes as text.
      const [found] = await database.read(
        compile(
          on(shelf).select([sql<number>`count(*)`.as('notes'), sql<string | number | null>`sum(length)`.as('words')]),
        ),
      )
      return { notes: found?.notes ?? 0, words: Number(found?.words ?? 0) }
    },
    async remove({ tenant, name }, id) {
      const gone = db.deleteFrom('notes').where('id', '=', id).where('tenant', '=', tenant).where('shelf', '=', name)
      await database.write([{ ...compile(gone), one: { code: 'NOT_FOUND', details: { what: 'note' } } }])
    },
  }
}

function wordsOn(db: Compiler, { tenant, name }: Shelf) {
  return db.selectFrom('note_words').where('note_words.tenant', '=', tenant).where('note_words.shelf', '=', name)
}

function adding(
  db: Compiler,
  { tenant, name: shelf }: Shelf,
  note: Note,
  words: ReadonlyMap<string, number>,
): Statement[] {
  const { id, session, at, tags } = note
  const length = words.values().reduce((sum, times) => sum + times, 0)
  const row = { id, tenant, shelf, session, at, length, body: JSON.stringify(note) }
  const all = [...words, ...tags.map(tag => [tagWord(tag), 1] as const)]
  const rows = all.map(([word, times]): NoteWordRow => ({ tenant, shelf, word, note: id, times }))
  const statements: Statement[] = [compile(db.insertInto('notes').values(row))]
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    statements.push(compile(db.insertInto('note_words').values(rows.slice(from, from + AT_ONCE))))
  }
  return statements
}

/** Tags stand among the words, which have no such character. */
function tagWord(tag: string): string {
  return `#${tag}`
}

/** Databases take only so many values in a statement. */
const AT_ONCE = 1_000
