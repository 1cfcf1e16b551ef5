import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markdown, markdownTable, shown } from './markdown.ts'

test('a table shows numbers to the right and keeps bars inside of a cell', () => {
  const text = markdownTable({ title: 'T', columns: ['way', 'ms'], rows: [['a|b', 1.23456]] })
  assert.equal(text, '**T**\n\n| way | ms |\n| --- | ---: |\n| a\\|b | 1.23 |')
})

test('numbers show what they mean and no more', () => {
  assert.deepEqual([12_345.6, 123.4, 1.2345, 0.00012345, 7, Number.NaN].map(shown), [
    '12,346',
    '123',
    '1.23',
    '0.000123',
    '7',
    '–',
  ])
})

test('a report begins with the machine, and with what makes its numbers worthless', () => {
  const text = markdown({
    form: 'quick',
    at: '2026-01-01T10:11:12.000Z',
    machine: {
      processor: 'Abacus',
      cores: 2,
      memory: 4,
      system: 'Linux 6',
      node: 'v24',
      commit: 'abc',
      loadBefore: 0.5,
    },
    findings: [{ name: 'http', about: 'Calls.', seconds: 3.2, tables: [], numbers: {}, wrong: ['2 errors'] }],
    missed: ['rate is 0'],
  })
  assert.match(
    text,
    /^# Benchmark, quick, 2026-01-01 10:11 UTC\n\nAbacus, 2 cores, 4 GB; Linux 6; Node v24; commit abc/,
  )
  assert.ok(text.indexOf('- 2 errors') < text.indexOf('## http'))
  assert.ok(text.indexOf('- rate is 0') < text.indexOf('## http'))
  assert.match(text, /Calls\. \(3 s\)/)
})
