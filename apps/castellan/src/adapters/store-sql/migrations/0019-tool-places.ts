import type { Migration } from './migration.ts'

export const toolPlaces: Migration = {
  number: 19,
  name: 'tool-places',
  statements: ({ text, integer }) => [
    // The line at each tool: whose call is under way, and who waits behind.
    `CREATE TABLE tool_places (
      id ${text} PRIMARY KEY,
      tool ${text} NOT NULL,
      turn ${integer} NOT NULL,
      node ${text} NOT NULL,
      until ${integer} NOT NULL
    )`,
    'CREATE INDEX tool_places_by_turn ON tool_places (tool, turn)',
  ],
}
