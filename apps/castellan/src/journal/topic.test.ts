import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesTopic } from './topic.ts'

test('a pattern matches level by level', () => {
  const matching: readonly [pattern: string, topic: string][] = [
    ['call.ended', 'call.ended'],
    ['call.*', 'call.ended'],
    ['*.ended', 'call.ended'],
    ['*', 'call'],
    ['>', 'call'],
    ['>', 'call.intent.made'],
    ['call.>', 'call.intent'],
    ['call.>', 'call.intent.made'],
    ['call.*.made', 'call.intent.made'],
    ['*.>', 'call.ended'],
  ]
  for (const [pattern, topic] of matching) assert.ok(matchesTopic(pattern, topic), `${pattern} ~ ${topic}`)
})

test('a pattern matches nothing else', () => {
  const different: readonly [pattern: string, topic: string][] = [
    ['call.ended', 'call.endedlate'],
    ['call', 'call.ended'],
    ['call.*', 'call'],
    ['call.*', 'call.intent.made'],
    ['*', 'call.ended'],
    ['call.>', 'call'],
    ['call.>', 'caller.ended'],
    ['>.ended', 'call.ended'],
    ['', 'call'],
    ['CALL.*', 'call.ended'],
  ]
  for (const [pattern, topic] of different) assert.equal(matchesTopic(pattern, topic), false, `${pattern} ~ ${topic}`)
})
