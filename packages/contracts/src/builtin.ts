import { z } from 'zod'
import { duration, groupName, line, size } from './common.ts'

/** What an operator says of a tool server that comes with the control plane. Nothing is granted that is not said. */

const absolutePath = line(4_096).regex(/^\//, 'must be an absolute path')

/** Either an agent or a model. */
export const agentToolSettings = z
  .strictObject({
    /** Name of an agent of the tenant. */
    agent: groupName.optional(),
    /** `provider/model`, without any tools. */
    model: line(300)
      .regex(/^[^/]+\/.+$/, 'must be written like provider/model')
      .optional(),
    /** How deep agents may be in one another when this one is asked. */
    max_depth: z.int().min(1).max(8).default(3),
    /** For the whole answer; the call itself must be allowed as long. */
    timeout: duration.default('2m'),
  })
  .refine(({ agent, model }) => (agent === undefined) !== (model === undefined), 'must have either "agent" or "model"')
export type AgentToolSettings = z.output<typeof agentToolSettings>

export const fileToolsSettings = z.strictObject({
  /** Folders whose files may be read. */
  roots: z.array(absolutePath).min(1).max(32),
  /** Whether files may be written there, too. */
  write: z.boolean().default(false),
  delete: z.boolean().default(false),
  /** Whether names that begin with a dot are there at all. */
  hidden: z.boolean().default(false),
  /** Most bytes that are read at once, and of a file that is written. */
  max_size: sizeUpTo('8MB', '1MB'),
})
export type FileToolsSettings = z.output<typeof fileToolsSettings>

export const historySettings = z.strictObject({
  /** Whether each principal has notes of its own, or all of the tenant share theirs. */
  scope: z.enum(['principal', 'tenant']).default('principal'),
  /** Most notes of one principal, or of the tenant. */
  max_notes: z.int().min(1).max(100_000).default(10_000),
  /** Most bytes of one. */
  max_size: sizeUpTo('64KB', '16KB'),
})
export type HistorySettings = z.output<typeof historySettings>

export const httpFetchSettings = z.strictObject({
  /** Hosts that may be asked: names, addresses, `*.example.com` for all below one, `*` for any that is public. */
  hosts: z
    .array(
      line(255)
        .toLowerCase()
        .regex(
          /^(\*|(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_-])?|[0-9a-f:.]*:[0-9a-f:.]*)$/,
          'must be a name or an address without a port, *.example.com, or * for any public host',
        ),
    )
    .min(1)
    .max(100),
  /** Whether addresses that are not public may be connected to, whoever named them. */
  allow_private: z.boolean().default(false),
  /** Whether something may be sent by POST. */
  post: z.boolean().default(false),
  /** Most bytes of an answer. */
  max_size: sizeUpTo('10MB', '2MB'),
  /** For a request with all its redirects. */
  timeout: duration.default('20s'),
  max_redirects: z.int().min(0).max(10).default(5),
})
export type HttpFetchSettings = z.output<typeof httpFetchSettings>

export const networkReconSettings = z.strictObject({
  /** What may be looked at: networks such as `10.1.0.0/16`, addresses, names. */
  targets: z
    .array(line(253).refine(isTarget, 'must be a network such as 10.1.0.0/16, an address, or a name'))
    .min(1)
    .max(100),
  /** Ports that may be connected to: `443`, `8000-8100`. */
  ports: z
    .array(z.string().refine(isPortRange, 'must be a port or a range of ports, such as 443 or 8000-8100'))
    .min(1)
    .max(100),
  /** Most addresses of one discovery. */
  max_hosts: z.int().min(1).max(4_096).default(256),
  /** Most ports of one call. */
  max_ports: z.int().min(1).max(65_535).default(1_024),
  /** Most connections that are being made at once. */
  concurrency: z.int().min(1).max(256).default(32),
  /** Most connections that are begun in a second. */
  rate: z.int().min(1).max(1_000).default(100),
  /** For one connection; and as long again for what is said on it. */
  timeout: duration.default('1s'),
})
export type NetworkReconSettings = z.output<typeof networkReconSettings>

function sizeUpTo(most: string, usual: string) {
  return size.refine(given => bytesOf(given) <= bytesOf(most), `must be at most ${most}`).default(usual)
}

function bytesOf(size: string): number {
  const unit = ['B', 'KB', 'MB', 'GB'].indexOf(size.replace(/^\d+/, ''))
  return Number.parseInt(size, 10) * 1024 ** unit
}

function isTarget(text: string): boolean {
  const isNetwork = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]).safeParse(text).success
  return isNetwork || /^(?=.*[a-z])[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(text)
}

function isPortRange(text: string): boolean {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  return Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= 65_535
}
