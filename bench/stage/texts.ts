/** Kinds of text that agents read and tools return. */
export const textKinds = ['prose', 'markdown', 'html', 'code', 'json', 'log', 'csv', 'numbers', 'chinese'] as const
export type TextKind = (typeof textKinds)[number]

/** A text of a kind, of so many characters, the same every time. */
export function textOf(kind: TextKind, length: number): string {
  const line = lines[kind]
  const random = randomFrom(length)
  let text = ''
  for (let number = 1; text.length < length; number++) text += line(random, number)
  // Parts that were joined one by one are a tree; a request has its text in one piece.
  return Buffer.from(text.slice(0, length)).toString()
}

/** A number below a bound. */
type Random = (below: number) => number

const lines: Readonly<Record<TextKind, (random: Random, number: number) => string>> = {
  prose: (random, number) => `${sentence(random, 6 + random(14))}.${number % 6 === 0 ? '\n\n' : ' '}`,
  markdown: (random, number) =>
    number % 8 === 0
      ? `\n## ${words(random, 3)}\n\n\`\`\`js\nconst ${word(random)} = ${word(random)}(${random(100)})\n\`\`\`\n\n`
      : `- **${word(random)}** ${words(random, 9)}, see [${words(random, 2)}](https://docs.example.org/${word(random)}#${word(random)}) and \`${word(random)}()\` <br>\n`,
  html: (random, number) =>
    `<tr class="row"><td id="r${number}">${words(random, 3)}</td><td><a href="/${word(random)}/${number}?a=1&amp;b=2">${word(random)}</a></td></tr>\n`,
  code: (random, number) =>
    `  if (${word(random)}.${word(random)} !== ${random(50)}) return this.${word(random)}('${words(random, 2)}', { ${word(random)}: ${number} })\n`,
  json: (random, number) =>
    `{"id":${number},"name":"${words(random, 2)}","tags":["${word(random)}","${word(random)}"],"price":${random(10_000) / 100},"ok":true,"at":"2026-0${1 + random(9)}-1${random(10)}T1${random(10)}:00:00Z"}\n`,
  log: (random, number) =>
    `2026-03-1${random(10)}T0${random(10)}:1${random(10)}:2${random(10)}.${100 + random(900)}Z INFO [worker-${random(16)}] req=${(random(1e9) * 4_000).toString(16)} 10.${random(256)}.${random(256)}.${random(256)} GET /${word(random)}/${number} 200 ${random(900)}ms\n`,
  csv: (random, number) =>
    `${number},${word(random)},2026-0${1 + random(9)}-1${random(10)},${random(100_000) / 100},${random(1e6)},${random(9e6) / 1e5},${words(random, 2)}\n`,
  numbers: random => `${random(10 ** (1 + random(12)))}${[' ', ' ', '\n', ', ', '-', '.'][random(6)]!}`,
  chinese: random =>
    `${Array.from({ length: 6 + random(18) }, () => String.fromCharCode(0x4e00 + random(3_000))).join('')}${['，', '。', '。\n'][random(3)]!}`,
}

const vocabulary =
  'the of and to in that it was for on are as with they at be this have from or had by word but not what all were when there can an each which their will other about out many then them these so some would make like into time has look two more write see number way could people than first water been call who now find long down day did get come made may part over new sound take only little work know place year live back give most very after thing our just name good sentence man think say great where help through much before line right too mean old any same tell boy follow came want show also around form three small set put end does another well large must big even such because turn here why ask went men read need land different home move try kind hand picture again change off play spell air away animal house point page letter mother answer found study still learn should world'.split(
    ' ',
  )

function word(random: Random): string {
  return vocabulary[random(vocabulary.length)]!
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => word(random)).join(' ')
}

function sentence(random: Random, count: number): string {
  const written = words(random, count)
  return written[0]!.toUpperCase() + written.slice(1)
}

/** Source: Marsaglia, Xorshift RNGs (2003). */
function randomFrom(seed: number): Random {
  let state = seed | 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) / 0x1_0000_0000) * below)
  }
}
