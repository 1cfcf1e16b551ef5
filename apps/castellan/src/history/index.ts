export type { Note, Shelf } from './note.ts'
export type { NoteFilter, NoteStore, Occurrence } from './note-store.ts'
export { searchNotes, wordsIn } from './search-notes.ts'
