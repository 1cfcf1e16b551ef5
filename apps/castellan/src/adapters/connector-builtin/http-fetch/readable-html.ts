import { setImmediate } from 'node:timers/promises'
import { commonEntities, entityAt, type EntityNames } from '../../../kernel/index.ts'

/**
 * What a page says, as Markdown: headings, paragraphs, lists, links and code. Scripts, styles, forms' machinery, comments and what is
 * `hidden` say nothing. It reads tags one after the other and believes no nesting, so no page can make it take more than the time
 * it takes to read it; others get their turns meanwhile. Rejects once the signal is aborted.
 */
export async function readableHtml(
  html: string,
  url: string,
  signal: AbortSignal,
): Promise<{ readonly title: string | null; readonly content: string }> {
  const page = new Page(url)
  let at = 0
  for (let tags = 1; at < html.length; tags++) {
    if (tags % TAGS_AT_ONCE === 0) {
      await setImmediate()
      signal.throwIfAborted()
    }
    const open = html.indexOf('<', at)
    if (open < 0) {
      page.say(html.slice(at))
      break
    }
    page.say(html.slice(at, open))
    at = page.tag(html, open)
  }
  return page.done()
}

/** About a millisecond; then others get their turns. */
const TAGS_AT_ONCE = 1_000

/** What was read of a page so far. Source: HTML, 13.2.5 (tokenization), as far as readers need it. */
class Page {
  #title: string | null = null
  readonly #lines: string[] = []
  #line = ''
  /** Whether the line ends with a blank; asking the line itself would copy it each time. */
  #spaced = true
  #pre = false
  #isTitle = false
  /** Where a link that is open leads, and where its words begin. */
  #link: { readonly to: string; readonly from: number } | null = null
  /** The element that is not shown, and how many of its kind are open in it. */
  #unseen: { readonly name: string; depth: number } | null = null
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  say(text: string): void {
    if (text === '' || this.#unseen) return
    const words = unescaped(text)
    if (this.#isTitle) {
      this.#title = `${this.#title ?? ''}${words}`
    } else if (this.#pre) {
      const [first = '', ...more] = words.split('\n')
      this.#line += first
      for (const each of more) {
        this.#break()
        this.#line = each
      }
    } else {
      if (this.#line.length > LONGEST_LINE) this.#break()
      const plain = words.replace(/\s+/g, ' ')
      const more = this.#spaced ? plain.trimStart() : plain
      if (more === '') return
      this.#line += more
      this.#spaced = more.endsWith(' ')
    }
  }

  /** Reads what begins with `<`, and gives where it ends. */
  tag(html: string, open: number): number {
    if (html.startsWith('<!--', open)) return after(html, '-->', open + 4)
    if (/^<[!?]/.test(html.slice(open, open + 2))) return after(html, '>', open)
    const name = /^<\/?([a-zA-Z][a-zA-Z0-9:-]{0,40})/.exec(html.slice(open, open + 44))
    if (!name) {
      this.say('<')
      return open + 1
    }
    const end = endOfTag(html, open + name[0].length)
    const tag = name[1]!.toLowerCase()
    const isEnd = html[open + 1] === '/'
    if (!isEnd && RAW.has(tag)) return this.#skip(html, tag, end)
    if (this.#unseen) this.#inUnseen(tag, isEnd)
    else if (isEnd) this.#close(tag)
    else {
      const attributes = attributesIn(html.slice(open + name[0].length, end))
      if (isHidden(attributes) && !VOID.has(tag)) this.#unseen = { name: tag, depth: 1 }
      else this.#open(tag, attributes)
    }
    return end
  }

  done(): { readonly title: string | null; readonly content: string } {
    this.#endLink()
    this.#break()
    const content = this.#lines
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
    const title = this.#title?.replace(/\s+/g, ' ').trim() ?? ''
    return { title: title === '' ? null : title, content }
  }

  /** What these hold is no text, whatever tags it seems to have. */
  #skip(html: string, name: string, from: number): number {
    const end = new RegExp(`</${name}(?=[\\s/>])`, 'gi')
    end.lastIndex = from
    const found = end.exec(html)
    return found ? endOfTag(html, found.index + found[0].length) : html.length
  }

  #inUnseen(tag: string, isEnd: boolean): void {
    const unseen = this.#unseen!
    if (tag !== unseen.name) return
    unseen.depth += isEnd ? -1 : 1
    if (unseen.depth === 0) this.#unseen = null
  }

  #open(tag: string, attributes: Attributes): void {
    if (tag === 'title') this.#isTitle = true
    else if (tag === 'br') this.#break()
    else if (tag === 'hr') this.#paragraph('---')
    else if (tag === 'li') this.#begin('- ')
    else if (tag === 'td' || tag === 'th') this.say(this.#line === '' ? '' : ' | ')
    else if (tag === 'pre') {
      this.#paragraph('```')
      this.#pre = true
    } else if (tag === 'a') this.#beginLink(attributes)
    else if (tag === 'img') this.say(attributes.get('alt') ?? '')
    else if (/^h[1-6]$/.test(tag)) {
      this.#paragraph()
      this.#begin(`${'#'.repeat(Number(tag[1]))} `)
    } else if (PARAGRAPHS.has(tag)) this.#paragraph()
    else if (BLOCKS.has(tag)) this.#break()
  }

  #close(tag: string): void {
    if (tag === 'title') this.#isTitle = false
    else if (tag === 'a') this.#endLink()
    else if (tag === 'pre' && this.#pre) {
      this.#break()
      this.#pre = false
      this.#lines.push('```', '')
    } else if (/^h[1-6]$/.test(tag) || PARAGRAPHS.has(tag)) this.#paragraph()
    else if (BLOCKS.has(tag)) this.#break()
  }

  #beginLink(attributes: Attributes): void {
    this.#endLink()
    const to = URL.parse(attributes.get('href') ?? '', this.#url)
    if (to && /^https?:$/.test(to.protocol)) this.#link = { to: to.href, from: this.#line.length }
  }

  #endLink(): void {
    const link = this.#link
    this.#link = null
    if (!link) return
    const words = this.#line.slice(link.from).trim()
    if (words === '') return
    this.#line = `${this.#line.slice(0, link.from)}[${words}](${link.to})`
    this.#spaced = false
  }

  #paragraph(line?: string): void {
    this.#break()
    this.#lines.push('')
    if (line !== undefined) this.#lines.push(line)
  }

  #begin(line: string): void {
    this.#break()
    this.#line = line
  }

  #break(): void {
    this.#endLink()
    const line = this.#pre ? this.#line : this.#line.trim()
    if (line !== '' || this.#pre) this.#lines.push(line)
    this.#line = ''
    this.#spaced = true
  }
}

type Attributes = ReadonlyMap<string, string>

/** Characters after which a line that never ends is ended. */
const LONGEST_LINE = 4_096

const RAW = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'svg',
  'math',
  'select',
  'textarea',
  'canvas',
])
const VOID = new Set([
  'br',
  'hr',
  'img',
  'input',
  'meta',
  'link',
  'wbr',
  'source',
  'area',
  'base',
  'col',
  'embed',
  'track',
])
const PARAGRAPHS = new Set(['p', 'ul', 'ol', 'dl', 'table', 'blockquote', 'section', 'article', 'figure', 'form'])
const BLOCKS = new Set([
  'div',
  'main',
  'header',
  'footer',
  'nav',
  'aside',
  'tr',
  'dt',
  'dd',
  'figcaption',
  'body',
  'details',
  'summary',
  'address',
])

/** The end of a tag, quotes respected; of one that never ends, the end of the page. */
function endOfTag(html: string, from: number): number {
  let quote = ''
  for (let at = from; at < html.length; at++) {
    const each = html[at]!
    if (quote !== '') quote = each === quote ? '' : quote
    else if (each === '>') return at + 1
    else if ((each === '"' || each === "'") && html[at - 1] === '=') quote = each
  }
  return html.length
}

function after(html: string, end: string, from: number): number {
  const found = html.indexOf(end, from)
  return found < 0 ? html.length : found + end.length
}

/** The first of each name, as browsers have it. */
function attributesIn(text: string): Attributes {
  const found = new Map<string, string>()
  for (const [, name, double, single, bare] of text.matchAll(ATTRIBUTE)) {
    const key = name!.toLowerCase()
    if (!found.has(key)) found.set(key, unescaped(double ?? single ?? bare ?? ''))
  }
  return found
}

const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g

/** Words that no reader sees would reach a model all the same. */
function isHidden(attributes: Attributes): boolean {
  if (attributes.size === 0) return false
  const style = attributes.get('style') ?? ''
  return (
    attributes.has('hidden') ||
    attributes.get('aria-hidden') === 'true' ||
    /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style)
  )
}

function unescaped(text: string): string {
  let read = ''
  let from = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', Math.max(at + 1, from))) {
    const entity = entityAt(text, at, named)
    if (!entity) continue
    read += text.slice(from, at) + entity.by
    from = entity.end
  }
  return read + text.slice(from)
}

/** What pages cannot do without, and signs that are common. */
const named: EntityNames = {
  ...commonEntities,
  nbsp: '\u00a0',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  copy: '©',
  reg: '®',
  euro: '€',
  laquo: '«',
  raquo: '»',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  bull: '•',
  middot: '·',
  times: '×',
}
