import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSpecType } from '@modelcontextprotocol/server'
import { metaTools } from './meta-tools.ts'
import { listingOf } from './listing.ts'

describe('the two tools that stand for all others', () => {
  test('are tools as clients of every revision read them, in the order of their names', () => {
    assert.ok(metaTools.every(tool => isSpecType.Tool(tool)))
    assert.deepEqual(metaTools.map(({ name }) => name), ['call_tool', 'search_tools']) // prettier-ignore
  })

  test('are a small part of what they stand for', () => {
    assert.ok(JSON.stringify(metaTools).length < 3_000)
  })

  test('are listed where they are asked for, and nowhere else', () => {
    assert.equal(listingOf(undefined), 'all')
    assert.equal(listingOf('all'), 'all')
    assert.equal(listingOf('search'), 'search')
    for (const odd of ['', 'Search', 'none', ['search', 'search'], 5]) {
      assert.throws(() => listingOf(odd), /"tools" must be "all" or "search"/)
    }
  })
})
