import assert from 'node:assert/strict'
import { test } from 'node:test'
import { together } from './together.ts'

test('what comes while something of its key is written goes together, and the rest by itself', async () => {
  const written: string[][] = []
  const write = together<string>(
    one => one[0]!,
    async some => void written.push([...some]),
  )
  await Promise.all(['a1', 'a2', 'b1', 'a3'].map(write))
  await write('a4')
  assert.deepEqual(written, [['a1'], ['b1'], ['a2', 'a3'], ['a4']])
})

test('one that cannot be written keeps no other from it', async () => {
  const written: string[] = []
  const write = together<string>(
    () => '',
    async some => {
      if (some.includes('bad')) throw new Error('no')
      written.push(...some)
    },
  )
  const ends = await Promise.allSettled(['first', 'one', 'bad', 'two'].map(write))
  assert.deepEqual(ends.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'fulfilled']) // prettier-ignore
  assert.deepEqual(written, ['first', 'one', 'two'])
})
