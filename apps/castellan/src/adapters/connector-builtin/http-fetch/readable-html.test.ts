import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../../tests/support/properties.ts'
import { readableHtml } from './readable-html.ts'

const read = async (html: string, signal = AbortSignal.timeout(60_000)) =>
  (await readableHtml(html, 'https://site.test/dir/page', signal)).content

describe('a page as Markdown', () => {
  for (const [what, html, text] of [
    ['headings and paragraphs', '<h2>One</h2><p>Two\n three</p><p>Four', '## One\n\nTwo three\n\nFour'],
    ['lists', '<ul><li>a</li><li>b <b>c</b></li></ul>', '- a\n- b c'],
    [
      'links, whole',
      'See <a href="../x?y=1&amp;z=2">this <i>page</i></a>.',
      'See [this page](https://site.test/x?y=1&z=2).',
    ],
    ['no link to a script', '<a href="javascript:alert(1)">press</a>', 'press'],
    ['tables', '<table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table>', 'a | b\n1 | 2'],
    ['code as it stands', '<pre>if (a)\n  b()</pre>after', '```\nif (a)\n  b()\n```\n\nafter'],
    ['entities', 'a &lt;b&gt; &#65;&#x42; &uuml; &nope; &#0;', 'a <b> AB ü &nope; \ufffd'],
    ['pictures by their words', '<img alt="a cat" src="x">', 'a cat'],
    ['what looks like no tag', '1 < 2 and 3 > 2 <3', '1 < 2 and 3 > 2 <3'],
    ['a quote with a bracket', '<p title="a > b">c</p>', 'c'],
  ] as const) {
    test(`has ${what}`, async () => assert.equal(await read(html), text))
  }

  for (const [what, html] of [
    ['scripts', 'a<script>say("<b>evil</b>")</script>b'],
    ['a script that never ends', 'ab<script>evil'],
    ['styles', 'a<style>.evil{}</style>b'],
    ['comments', 'a<!-- evil <p> -->b'],
    ['templates and frames', 'a<template><p>evil</p></template><iframe>evil</iframe>b'],
    ['what is hidden', 'a<div hidden><div>evil</div>evil</div><span style="display: none">evil</span>b'],
    ['what only looks like the end of a script', 'a<script>"</scripty>evil"</script>b'],
    ['attributes', 'a<p data-x="evil" title=evil>b'],
  ] as const) {
    test(`has nothing of ${what}`, async () => assert.equal((await read(html)).replace(/\s/g, ''), 'ab'))
  }

  test('can be made of anything', async () => {
    const part = fc.constantFrom(
      '<',
      '>',
      '</',
      '<!--',
      '-->',
      'a',
      'pre',
      'script',
      ' href=',
      '"',
      "'",
      '&#',
      ';',
      '\n',
      '/',
      'li',
      'hidden',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 60 }), async parts => {
        assert.equal(typeof (await read(parts.join(''))), 'string')
      }),
    )
  })

  test('takes no longer the worse it is meant', async () => {
    const size = 1024 * 1024
    for (const each of [
      '<b>x',
      '<a href=x>y</a>',
      '<',
      '<!--',
      '<p hidden>',
      '<a "',
      '&',
      "<a style='display:",
      '<script>',
      '<td>',
      '<title>',
    ]) {
      assert.ok((await read(each.repeat(Math.ceil(size / each.length)))).length < 10 * size)
    }
  })

  test('lets others have their turns, and is given up when nobody wants it any more', async () => {
    const giving = new AbortController()
    const reading = read('<b>x'.repeat(500_000), giving.signal)
    setImmediate(() => giving.abort())
    await assert.rejects(reading, { name: 'AbortError' })
  })
})
