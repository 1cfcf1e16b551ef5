import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCutOff, networkOf, noSandboxWishes, sandboxProblem, type SandboxSettings } from './sandbox.ts'

describe('a sandbox', () => {
  test('has the network its preset says, unless it is said', () => {
    assert.deepEqual(
      (['strict', 'standard', 'open'] as const).map(preset => networkOf(settings({ preset }))),
      ['none', 'host', 'host'],
    )
    assert.equal(networkOf(settings({ preset: 'strict', network: 'host' })), 'host')
    assert.equal(networkOf(settings({ preset: 'open', network: 'none' })), 'none')
  })

  test('cuts off only what has neither a network nor sight of those who have', () => {
    assert.equal(isCutOff(settings({ preset: 'strict' })), true)
    assert.equal(isCutOff(settings({ preset: 'standard', network: 'none' })), true)
    assert.equal(isCutOff(settings({ preset: 'strict', writable: ['/srv/data'], readOnly: ['/running'] })), true)
    for (const wish of [
      { network: 'host' },
      { preset: 'standard' },
      { preset: 'open', network: 'none' },
      { readOnly: ['/run/docker.sock'] },
      { writable: ['/var/run'] },
    ] as const) {
      assert.equal(isCutOff(settings(wish)), false, JSON.stringify(wish))
    }
  })

  for (const path of [
    '',
    'data',
    './data',
    '../data',
    '/srv/../etc',
    '/srv/./x',
    '/srv//x',
    '~root/x',
    '~x',
    '/srv/\0x',
  ]) {
    test(`is none with the path ${JSON.stringify(path)}`, () => {
      assert.match(sandboxProblem(settings({ readOnly: [path] }))!, /must be absolute/)
    })
  }

  test('has each path once, none of its own, and not the whole', () => {
    assert.match(sandboxProblem(settings({ readOnly: ['/srv'], writable: ['/srv/'] }))!, /"\/srv" is given twice/)
    assert.match(sandboxProblem(settings({ hidden: ['/proc/1'] }))!, /own/)
    assert.match(sandboxProblem(settings({ writable: ['/dev'] }))!, /own/)
    for (const wish of [{ hidden: ['/'] }, { readOnly: ['/'] }, { writable: ['/'] }]) {
      assert.match(sandboxProblem(settings(wish))!, /whole file system/)
    }
    const fine = settings({
      hidden: ['/srv', '~/.ssh'],
      readOnly: ['~', '/srv/a...b/'],
      writable: ['~/work', '/device'],
    })
    assert.equal(sandboxProblem(fine), undefined)
  })
})

function settings(wishes: Partial<SandboxSettings>): SandboxSettings {
  return { preset: 'strict', ...noSandboxWishes, ...wishes }
}
