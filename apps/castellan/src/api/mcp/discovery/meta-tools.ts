import type { JsonObject } from '../../../kernel/index.ts'

/** Longest query, in characters. */
export const LONGEST_QUERY = 400
/** How many tools a search finds when it is not said, and at most. */
export const USUAL_FINDS = 5
export const MOST_FINDS = 20

/**
 * The names of the two tools that are listed instead of all others where a client asked for `?tools=search`. There they always
 * mean these two; a tool of a server that has one of the names (which only the endpoint of that one server could show as it is)
 * is found by searching and called through `call_tool`, like any other.
 */
export const SEARCH_TOOLS = 'search_tools'
export const CALL_TOOL = 'call_tool'

const anObject = { type: 'object' }

const searchTools: JsonObject = {
  name: SEARCH_TOOLS,
  title: 'Search tools',
  description:
    'Finds tools by words: what they do, what they work on, or the server they belong to. There are more tools here than the ' +
    'list shows, so search before you say that something cannot be done. Answers with the definitions of the tools that fit ' +
    `best, the best first; use one with ${CALL_TOOL}.`,
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        maxLength: LONGEST_QUERY,
        description: 'A few words, such as "create issue". They need be neither complete nor in order.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: MOST_FINDS,
        default: USUAL_FINDS,
        description: 'Most tools to find.',
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      tools: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            description: { type: 'string' },
            inputSchema: anObject,
            outputSchema: anObject,
            annotations: anObject,
          },
          required: ['name', 'description', 'inputSchema'],
        },
      },
    },
    required: ['tools'],
  },
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
}

const callTool: JsonObject = {
  name: CALL_TOOL,
  title: 'Call a tool',
  description: `Calls a tool that ${SEARCH_TOOLS} found, and answers with what that tool answers.`,
  inputSchema: {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, description: 'Name of the tool, exactly as it was found.' },
      arguments: { type: 'object', description: 'Arguments that fit the inputSchema of the tool.' },
    },
    required: ['name'],
    additionalProperties: false,
  },
  // What is called may be anything, so a client that asks its user before it acts has to ask.
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
}

/** What a client sees that asked for `?tools=search`, in the order of their names as in any list. */
export const metaTools: readonly JsonObject[] = [callTool, searchTools]
