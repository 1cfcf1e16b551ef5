import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, OpaConfig } from '../../config/index.ts'
import { isLoopback } from '../../kernel/index.ts'
import type { Finding } from './finding.ts'

/** Oldest major version of Node that runs the product. */
const NODE = 24

/** What can be seen without a running control plane: this Node, the settings, and the files of the data folder. */
export async function examineMachine(config: Config, nodeVersion: string): Promise<Finding[]> {
  return [...examineNode(nodeVersion), ...examineSettings(config), ...(await examineFiles(config.data))]
}

function examineNode(version: string): Finding[] {
  if (Number(version.split('.')[0]) >= NODE) return []
  return [
    {
      severity: 'warning',
      what: `this is Node ${version}`,
      why: `Castellan is made for and tested on Node ${NODE}`,
      fix: `install Node ${NODE} or newer`,
    },
  ]
}

function examineSettings({ host, allowedHosts, allowedOrigins, database, policy, models }: Config): Finding[] {
  const findings: Finding[] = policy.opa ? examineOpa(policy.opa) : []
  findings.push(...examineModels(models.providers))
  if (!isLoopback(host)) {
    findings.push({
      severity: 'warning',
      what: `it listens on ${host}, for ${allowedHosts.join(', ') || 'no host name'}`,
      why: 'other machines can reach it, and without TLS in front of it keys travel readable',
      fix: 'keep host at 127.0.0.1 and put a proxy with TLS in front, or make sure that one is',
    })
  }
  const plain = allowedOrigins.filter(origin => origin.startsWith('http:') && !isLoopback(new URL(origin).hostname))
  if (plain.length > 0) {
    findings.push({
      severity: 'warning',
      what: `web pages of ${plain.join(', ')} may call it`,
      why: 'a page that came without TLS can be replaced on its way',
      fix: 'use https origins in allowed_origins',
    })
  }
  const url = database === null ? null : URL.parse(database)
  if (url && !isLoopback(url.hostname) && !/sslmode=(require|verify-ca|verify-full)/.test(url.search)) {
    findings.push({
      severity: 'warning',
      what: `the database on ${url.hostname} may be reached without TLS`,
      why: 'the journal and the sealed secrets travel readable',
      fix: 'add ?sslmode=verify-full to the setting database',
    })
  }
  return findings
}

function examineModels(providers: Config['models']['providers']): Finding[] {
  return Object.entries(providers).flatMap(([name, provider]): Finding[] => {
    const url = 'baseUrl' in provider ? new URL(provider.baseUrl) : null
    if (url?.protocol === 'http:' && !isLoopback(url.hostname)) {
      return [
        {
          severity: 'warning',
          what: `models of ${name} are asked over ${url.origin}, without TLS`,
          why: 'prompts and the key travel readable, and whoever is on the way can answer in its place',
          fix: `use https in models.providers.${name}.base_url`,
        },
      ]
    }
    return []
  })
}

function examineOpa({ url, failOpen }: OpaConfig): Finding[] {
  const findings: Finding[] = []
  if (failOpen) {
    findings.push({
      severity: 'warning',
      what: 'FAIL OPEN is set: calls are allowed while OPA gives no answer',
      why: 'whoever can cut it off, or make it slow, does with all granted tools whatever they like',
      fix: 'take policy.opa.fail_open out of the settings',
    })
  }
  const parsed = URL.parse(url)
  if (parsed?.protocol === 'http:' && !isLoopback(parsed.hostname)) {
    findings.push({
      severity: 'warning',
      what: `OPA is asked over ${parsed.origin}, without TLS`,
      why: 'arguments travel readable, and whoever is on the way can answer in its place',
      fix: 'use https in policy.opa.url, with policy.opa.ca, or a socket on this machine',
    })
  }
  return findings
}

/** Files that hold keys, and the store, by what they are. */
const FILES = {
  'admin.key': "the administrator's key",
  'master.key': 'the key of all sealed secrets',
  'castellan.db': 'the store',
}

async function examineFiles(folder: string): Promise<Finding[]> {
  // Elsewhere the bits of the mode say nothing about who may read.
  if (process.platform === 'win32') return []
  const findings: Finding[] = []
  const open = (path: string, what: string, mode: number, wanted: string, severity: Finding['severity']) =>
    findings.push({
      severity,
      what: `${what} (${path}) is open to other users: mode ${(mode & 0o777).toString(8).padStart(4, '0')}`,
      why: 'whoever can read it can become the administrator, or read what was sealed',
      fix: `chmod ${wanted} ${path}`,
    })
  const folderMode = await modeOf(folder)
  if (folderMode === undefined) return []
  if ((folderMode & 0o077) !== 0) open(folder, 'the data folder', folderMode, '700', 'warning')
  for (const [name, what] of Object.entries(FILES)) {
    const path = join(folder, name)
    const mode = await modeOf(path)
    if (mode === undefined || (mode & 0o077) === 0) continue
    // Inside of a folder that nobody else may enter, it is a habit rather than a hole.
    open(path, what, mode, '600', (folderMode & 0o077) === 0 ? 'advice' : 'critical')
  }
  return findings
}

async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mode }) => mode,
    () => undefined,
  )
}
