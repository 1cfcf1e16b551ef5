import { fault } from '../../../kernel/index.ts'

/** Whether a client lists all tools, or the two by which it finds and calls them. */
export type Listing = 'all' | 'search'

/** What the parameter `tools` of an endpoint's URL asks for. Throws `REQUEST_INVALID` for what it may not be. */
export function listingOf(tools: unknown): Listing {
  if (tools === undefined || tools === 'all') return 'all'
  if (tools === 'search') return 'search'
  throw fault('REQUEST_INVALID', { why: 'the query parameter "tools" must be "all" or "search"' })
}
