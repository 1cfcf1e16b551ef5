import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { expressions } from './fixtures/a-workflow.ts'
import { readWorkflow } from './read-workflow.ts'

const read = (text: string, tools?: ReadonlySet<string>) => readWorkflow({ text }, expressions, tools)

/** `line:column node: message` */
async function problemsOf(text: string): Promise<readonly string[]> {
  const { problems, workflow } = await read(text)
  assert.equal(workflow === null, problems.length > 0)
  return problems.map(({ line, column, node, message }) => `${line}:${column} ${node ?? '-'}: ${message}`)
}

describe('what is wrong with a workflow is told with its place', () => {
  const rows: readonly (readonly [promise: string, text: string, ...problems: string[]])[] = [
    [
      'no YAML',
      'name: [',
      '1:8 -: this is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['nothing', '', '1:1 -: Invalid input: expected object, received null'],
    [
      'a field of the wrong type, one that is missing and one too many',
      'name: x\nnodes:\n  - id: a\n    type: tool\n    timeout: 5\n    colour: red\n',
      '3:5 a: is missing; it must be of the type string',
      '5:14 a: Invalid input: expected string, received number',
      '3:5 a: has the unknown field colour',
    ],
    [
      'a type there is not',
      'name: x\nnodes:\n  - { id: a, type: loop }\n',
      '3:20 a: must be one of tool, mcp_call, agent, team, workflow, if, switch, foreach, parallel, wait, approval, transform',
    ],
    [
      'a need that nobody is',
      'name: x\nnodes:\n  - { id: a, type: tool, tool: t, needs: [b] }\n',
      '3:43 a: there is no node "b" beside this one; there are: a',
    ],
    [
      'an edge from nowhere',
      'name: x\nnodes: [{ id: a, type: tool, tool: t }]\nedges: [{ from: z, to: a }]\n',
      '3:17 -: there is no node "z"',
    ],
    [
      'two of one id',
      'name: x\nnodes:\n  - { id: a, type: tool, tool: t }\n  - { id: a, type: tool, tool: t }\n',
      '4:11 a: there is another node "a" beside this one',
    ],
    [
      'an id that is around already',
      'name: x\nnodes:\n  - id: a\n    type: foreach\n    items: input\n    do: [{ id: a, type: tool, tool: t }]\n',
      '6:16 a: there is a node "a" around this one, which its expressions could not tell apart',
    ],
    [
      'a circle',
      'name: x\nnodes:\n  - { id: a, type: tool, tool: t, needs: [c] }\n  - { id: b, type: tool, tool: t, needs: [a] }\n  - { id: c, type: tool, tool: t, needs: [b] }\n',
      '3:5 a: these come after one another in a circle: a > b > c > a',
    ],
    [
      'a circle through a branch',
      'name: x\nnodes:\n  - { id: a, type: tool, tool: t, needs: [b] }\n  - { id: b, type: if, condition: "true", then: [a], needs: [a] }\n',
      '3:5 a: these come after one another in a circle: a > b > a',
    ],
    [
      'an expression that cannot be read',
      'name: x\nnodes:\n  - { id: a, type: tool, tool: t, args: { p: "=input.(" } }\n',
      '3:46 a: the expression cannot be read: Expected ")" before end of expression (at character 7)',
    ],
    [
      'a wait for nothing, and one for two things',
      'name: x\nnodes:\n  - { id: a, type: wait }\n  - { id: b, type: wait, for: 1s, signal: s }\n',
      '3:5 a: it must have exactly one of "for", "until", "signal" and "webhook"',
      '4:5 b: it must have exactly one of "for", "until", "signal" and "webhook"',
    ],
  ]
  for (const [promise, text, ...problems] of rows)
    test(promise, async () => assert.deepEqual(await problemsOf(text), problems))

  test('in a document without text by its path alone', async () => {
    const { problems } = await readWorkflow({ document: { name: 'x', nodes: [] } }, expressions)
    assert.deepEqual(
      problems.map(({ at, line }) => [at, line]),
      [['/nodes', null]],
    )
  })

  test('when its aliases would grow without end, or it is too deep', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [one, other] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
      ['d', 'e'],
      ['e', 'f'],
    ] as const)
      bomb.push(`${other}: &${other} [${Array.from({ length: 10 }, () => `*${one}`).join(', ')}]`)
    assert.equal((await problemsOf(bomb.join('\n'))).length, 1)
    assert.match((await problemsOf('['.repeat(100_000)))[0]!, /call stack/)
    assert.match((await problemsOf(`${'['.repeat(100)}${']'.repeat(100)}`))[0]!, /more than 64 levels/)
  })

  test('whatever the text is, it is read or told what is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async text => {
        const { workflow, problems } = await read(text)
        assert.equal(workflow === null, problems.length > 0)
      }),
    )
  })
})

test('what may be so on purpose is only warned of', async () => {
  const { workflow, warnings } = await read(
    'name: x\nnodes:\n  - { id: a, type: tool, tool: there }\n  - { id: b, type: tool, tool: gone, args: { x: "=nodes.a.output" } }\n',
    new Set(['there']),
  )
  assert.ok(workflow)
  assert.deepEqual(
    warnings.map(({ at, message }) => [at, message]),
    [
      ['/nodes/1/args/x', '"nodes.a" is nothing here: the node does not come after one of that name'],
      ['/nodes/1/tool', 'there is no tool "gone" for you here now; a run that gets to it will fail'],
    ],
  )
})
