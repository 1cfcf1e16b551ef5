import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connector, Link, Target } from '../gate/index.ts'
import { onFirstUse } from './on-first-use.ts'

const signal = new AbortController().signal

test('a connector is loaded by the first server that is opened, once for all of them', async () => {
  const opened: Target[] = []
  let loads = 0
  const connector: Connector = {
    transports: ['openapi'],
    open: async target => {
      opened.push(target)
      return { target } as unknown as Link
    },
  }
  const late = onFirstUse(['openapi'], async () => {
    loads++
    return connector
  })
  assert.deepEqual([late.transports, loads], [['openapi'], 0])
  const targets = [{ serverId: 'a' }, { serverId: 'b' }, { serverId: 'c' }] as unknown as Target[]
  const events = { onListChanged: () => undefined }
  const links = await Promise.all(targets.map(target => late.open(target, events, signal)))
  assert.deepEqual([opened, loads, links.length], [targets, 1, 3])
})
