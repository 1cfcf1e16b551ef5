import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { type Handler, type HttpFixture, httpServer } from '../../http-client/fixtures/http-server.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import { type BuiltIn, builtIn } from '../fixtures/built-in.ts'

interface Told {
  readonly url: string
  readonly status: number
  readonly redirects: number
  readonly title: string | null
  readonly form: string
  readonly content: string
  readonly headers: Readonly<Record<string, string>>
}

async function withSite(
  pages: Readonly<Record<string, Handler>>,
  body: (at: { readonly site: HttpFixture; readonly web: BuiltIn }) => Promise<void>,
  settings: JsonObject = { hosts: ['127.0.0.1'] },
): Promise<void> {
  const site = await httpServer((received, response, request) => {
    const page = pages[new URL(received.url, 'http://site').pathname]
    if (page) page(received, response, request)
    else response.writeHead(404).end()
  })
  try {
    await using web = await builtIn('http_fetch', settings)
    await body({ site, web })
  } finally {
    await site.stop()
  }
}

const page =
  (body: string | Buffer, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)

const leading =
  (location: string, status = 302): Handler =>
  (_, response) =>
    response.writeHead(status, { location }).end()

describe('a page', () => {
  test('comes as Markdown, with where it was found after all redirects', () =>
    withSite(
      {
        '/': leading('/b'),
        '/b': leading('/c?d=e', 308),
        '/c': page('<title>T</title><h1>Hi</h1><a href="/x">there</a>'),
      },
      async ({ site, web }) => {
        const told = await web.structured<Told>('fetch', { url: `${site.url}/` })
        assert.deepEqual(
          [told.url, told.status, told.redirects, told.title, told.content],
          [`${site.url}/c?d=e`, 200, 2, 'T', `# Hi\n\n[there](${site.url}/x)`],
        )
      },
    ))

  test('is unpacked and read in its own alphabet', () =>
    withSite(
      {
        '/gzip': page(gzipSync('Grüße'), { 'content-encoding': 'gzip', 'content-type': 'text/plain' }),
        '/br': page(brotliCompressSync('Grüße'), { 'content-encoding': 'br', 'content-type': 'text/plain' }),
        '/latin': page(Buffer.from('Grüße', 'latin1'), { 'content-type': 'text/plain; charset=iso-8859-1' }),
      },
      async ({ site, web }) => {
        for (const path of ['/gzip', '/br', '/latin']) {
          assert.equal((await web.structured<Told>('fetch', { url: site.url + path })).content, 'Grüße')
        }
      },
    ))

  test('that is no text comes as base64, and cookies are kept back', () =>
    withSite(
      { '/': page(Buffer.from([1, 2]), { 'content-type': 'image/png', 'set-cookie': 'a=b', etag: '"7"' }) },
      async ({ site, web }) => {
        const told = await web.structured<Told>('fetch', { url: site.url })
        assert.deepEqual([told.form, told.content], ['base64', 'AQI='])
        assert.deepEqual(Object.keys(told.headers).toSorted(), ['content-type', 'etag'])
      },
    ))

  test('that is not there is told with its status', () =>
    withSite({}, async ({ site, web }) => {
      assert.equal((await web.structured<Told>('fetch', { url: `${site.url}/nothing` })).status, 404)
    }))

  test('is asked for by HEAD without its content', () =>
    withSite({ '/': page('long') }, async ({ site, web }) => {
      const told = await web.structured<Told>('fetch', { url: site.url, method: 'HEAD' })
      assert.deepEqual([told.status, told.content, site.received[0]?.method], [200, '', 'HEAD'])
    }))

  test('is labelled as nobody to be trusted', async () => {
    await using web = await builtIn('http_fetch', { hosts: ['*'], post: true })
    const labels = web.tools.map(({ definition }) => definition['_meta'])
    assert.deepEqual(labels, [{ 'castellan/labels': ['untrusted'] }, { 'castellan/labels': ['untrusted'] }])
  })
})

describe('what was not granted is not asked', () => {
  /** A server that must hear nothing, at an address that is not public. */
  const nearby = ['http://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://[::1]:PORT/', 'http://0.0.0.0:PORT/']
  const forms = [
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://127.1:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
  ]
  const clouds = ['http://169.254.169.254/', 'http://[fd00:ec2::254]/', 'http://100.100.100.200/']

  test('addresses that are not public, however they are written, when any public host may be asked', () =>
    withSite(
      { '/': page('inner') },
      async ({ site, web }) => {
        const { port } = new URL(site.url)
        for (const url of [...nearby, ...forms, ...clouds]) {
          assert.match(await web.refusal('fetch', { url: url.replace('PORT', port) }), /was granted/)
        }
        assert.deepEqual(site.received, [])
      },
      { hosts: ['*'] },
    ))

  test('other hosts than those that are named, and the cloud even when private addresses are allowed', () =>
    withSite(
      { '/': page('inner') },
      async ({ site, web }) => {
        for (const url of [site.url, 'http://example.org.evil.test/', 'http://169.254.169.254/']) {
          assert.match(await web.refusal('fetch', { url }), /was granted/)
        }
        assert.deepEqual(site.received, [])
      },
      { hosts: ['example.org', '*.example.org'], allow_private: true },
    ))

  test('what a granted page leads to is judged as if it had been asked for', async () => {
    const inner = await httpServer((_, response) => response.end('inner'))
    const { port } = new URL(inner.url)
    const away = [`http://localhost:${port}/`, 'http://169.254.169.254/', `//[::1]:${port}/`]
    const pages = Object.fromEntries(away.map((location, index) => [`/${index}`, leading(location)]))
    try {
      await withSite(pages, async ({ site, web }) => {
        for (const path of Object.keys(pages)) {
          assert.match(await web.refusal('fetch', { url: site.url + path }), /was granted/)
        }
      })
      assert.deepEqual(inner.received, [])
    } finally {
      await inner.stop()
    }
  })

  test('what is no web address, holds credentials or leads on without end', () =>
    withSite({ '/loop': leading('/loop'), '/file': leading('file:///etc/passwd') }, async ({ site, web }) => {
      for (const [url, why] of [
        ['file:///etc/passwd', /http:\/\/ or https/],
        ['gopher://127.0.0.1/', /http:\/\/ or https/],
        ['/etc/passwd', /http:\/\/ or https/],
        [site.url.replace('//', '//user:word@'), /credentials/],
        [`${site.url}/loop`, /more than 5 times/],
        [`${site.url}/file`, /http:\/\/ or https/],
      ] as const) {
        assert.match(await web.refusal('fetch', { url }), why)
      }
    }))
})

describe('an answer that is too much', () => {
  test('in bytes is refused, also once it is unpacked', () =>
    withSite(
      {
        '/long': page('x'.repeat(2_000)),
        '/bomb': page(gzipSync(Buffer.alloc(20 * 1024 * 1024)), { 'content-encoding': 'gzip' }),
      },
      async ({ site, web }) => {
        assert.match(await web.refusal('fetch', { url: `${site.url}/long` }), /more than 1KB/)
        await using wide = await builtIn('http_fetch', { hosts: ['127.0.0.1'] })
        assert.match(await wide.refusal('fetch', { url: `${site.url}/bomb` }), /cannot be unpacked/)
      },
      { hosts: ['127.0.0.1'], max_size: '1KB' },
    ))

  test('in time is refused', () =>
    withSite(
      { '/': () => undefined },
      async ({ site, web }) => assert.match(await web.refusal('fetch', { url: site.url }), /within 100ms/),
      { hosts: ['127.0.0.1'], timeout: '100ms' },
    ))
})

test('POST is there when it was granted, and follows nothing', () =>
  withSite(
    { '/': leading('/next', 307), '/next': page('never') },
    async ({ site, web }) => {
      const told = await web.structured<Told>('post', { url: site.url, body: '{"a":1}' })
      assert.deepEqual([told.status, told.headers['location']], [307, '/next'])
      assert.deepEqual(
        site.received.map(({ method, body, headers }) => [method, body, headers['content-type']]),
        [['POST', '{"a":1}', 'application/json']],
      )
    },
    { hosts: ['127.0.0.1'], post: true },
  ))
