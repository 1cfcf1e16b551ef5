import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { egressOf } from '../../apps/castellan/src/registry/index.ts'
import { type Target, trial } from './target.ts'

export const oddHosts: Target = {
  name: 'odd-hosts',
  promise:
    'no way of writing an address that is not public, nor a name that leads to one, lets a public server lead there',
  runs: 500,
  open: () =>
    trial(urls, ({ url, address }) => {
      const parsed = URL.parse(url)
      // What is no URL is no way anywhere.
      if (parsed === null) return
      const { hostname } = parsed
      const bare = hostname.replace(/^\[|\]$/g, '')
      const refusal = egress.refusal(hostname, 80)
      if (isIP(bare) !== 0) assert.ok(refusal, `${url} is ${hostname}, and not refused`)
      // A name: whatever it seems to say, it leads where a name server says.
      else assert.ok(refusal ?? egress.refusalAt(bare, 80, address), `${url} at ${address} is not refused`)
    }),
}

const egress = egressOf('tools', {
  transport: 'streamable-http',
  endpoints: ['https://mcp.example.com/mcp'],
  headers: {},
})

const byte = fc.nat(255)
/** Four bytes of an address that is not public. */
const nearby = fc.oneof(
  fc.tuple(fc.constantFrom(10, 127, 0), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
  fc.constant([169, 254, 169, 254] as [number, number, number, number]),
)

type Bytes = readonly [number, number, number, number]

const numberOf = ([a, b, c, d]: Bytes) => ((a * 256 + b) * 256 + c) * 256 + d
const hex = (number: number) => number.toString(16)
const groups = ([a, b, c, d]: Bytes) => `${hex(a * 256 + b)}:${hex(c * 256 + d)}`

/** The ways in which programs have let an IPv4 address be written, and the addresses that carry one. */
const writings: readonly ((bytes: Bytes) => string)[] = [
  bytes => bytes.join('.'),
  bytes => bytes.map(part => `0${part.toString(8)}`).join('.'),
  bytes => bytes.map(part => `0x${hex(part)}`).join('.'),
  bytes => bytes.map((part, index) => (index % 2 === 0 ? `0x${hex(part)}` : String(part))).join('.'),
  bytes => String(numberOf(bytes)),
  bytes => `0x${hex(numberOf(bytes))}`,
  bytes => `0${numberOf(bytes).toString(8)}`,
  ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  bytes => bytes.join('。'),
  bytes => bytes.join('.').replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit))),
  bytes => bytes.join('.').replace(/\d/g, digit => `%3${digit}`),
  bytes => `[::ffff:${bytes.join('.')}]`,
  bytes => `[::ffff:${groups(bytes)}]`,
  bytes => `[0:0:0:0:0:ffff:${groups(bytes)}]`,
  bytes => `[64:ff9b::${groups(bytes)}]`,
  bytes => `[2002:${groups(bytes)}::1]`,
  bytes => `[::${groups(bytes)}]`,
  bytes => `[::ffff:0:${groups(bytes)}]`,
  bytes => `[fd00:ec2::${groups(bytes)}]`,
  bytes => `[fe80::${groups(bytes)}%25lo]`,
  bytes => `[fe80::${groups(bytes)}]`,
  bytes => `${bytes.join('.')}.nip.example`,
  () => 'localhost',
  () => 'LOCALHOST.',
  () => 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  () => 'a.localhost',
  () => 'intranet',
  () => 'xn--bcher-kva.internal',
]

/** What may stand around a host, to mislead who reads it. */
const around: readonly ((host: string) => string)[] = [
  host => `http://${host}/`,
  host => `http://${host}./`,
  host => `https://${host}:80/`,
  host => `http://mcp.example.com@${host}/`,
  host => `http://mcp.example.com:443@${host}/`,
  host => `http:\\\\${host}\\`,
  host => `http:${host}`,
  host => `http:////${host}`,
  host => `http://${host}\t\n/`,
  host => `http://${host}#@mcp.example.com/`,
  host => `http://${host}?@mcp.example.com/`,
  host => ` http://${host.toUpperCase()} `,
]

const urls = fc
  .tuple(nearby, fc.constantFrom(...writings), fc.constantFrom(...around))
  .map(([bytes, write, surround]) => ({ url: surround(write(bytes)), address: bytes.join('.') }))
