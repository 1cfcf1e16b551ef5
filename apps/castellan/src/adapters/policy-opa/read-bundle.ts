import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Digest, digestBytes, isJsonObject } from '../../kernel/index.ts'
import { BundleProblem } from './bundle-problem.ts'
import { untar } from './untar.ts'

/** A compiled policy and the data it looks at. */
export interface Bundle {
  readonly wasm: Uint8Array
  /** JSON. */
  readonly data: string
  /** What its maker calls this version; null when it has no name. */
  readonly revision: string | null
  /** Over the file. */
  readonly digest: Digest
}

/** Most bytes of the file, and of what comes out of it. */
const LARGEST = 64 * 1_048_576
const LARGEST_UNPACKED = 256 * 1_048_576

/** Reads the file that `opa build -t wasm` makes, or a bare `policy.wasm`. Throws {@link BundleProblem}. */
export async function readBundle(path: string): Promise<Bundle> {
  return parseBundle(await readFileOf(path))
}

/** Reads the bytes of such a file. Throws {@link BundleProblem}. */
export async function parseBundle(bytes: Buffer): Promise<Bundle> {
  const digest = digestBytes(bytes)
  if (isWasm(bytes)) return { wasm: bytes, data: '{}', revision: null, digest }
  const files = untar(await unpacked(bytes))
  const wasm = files.get('policy.wasm')
  if (!wasm || !isWasm(wasm)) throw new BundleProblem('has no policy.wasm; make it with: opa build -t wasm')
  for (const name of files.keys()) {
    if (/(^|\/)data\.(json|ya?ml)$/.test(name) && name !== 'data.json')
      throw new BundleProblem('has data outside of data.json; make it with: opa build -t wasm')
  }
  const data = files.get('data.json')?.toString('utf8') ?? '{}'
  if (!isJsonObject(parsed(data, 'data.json'))) throw new BundleProblem('has a data.json that is no object')
  const manifest = files.get('.manifest')
  const about = manifest ? parsed(manifest.toString('utf8'), '.manifest') : null
  const revision = isJsonObject(about) ? about['revision'] : null
  return {
    wasm,
    data,
    revision: typeof revision === 'string' && revision !== '' ? revision.slice(0, 200) : null,
    digest,
  }
}

async function readFileOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > LARGEST) throw new BundleProblem(`is larger than ${LARGEST} bytes`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof BundleProblem) throw error
    throw new BundleProblem(`cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
}

function isWasm(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).equals(Buffer.from('\0asm', 'latin1'))
}

async function unpacked(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: LARGEST_UNPACKED })
  } catch (cause) {
    throw new BundleProblem('is neither a .tar.gz nor a .wasm, or is too large', { cause })
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BundleProblem(`has a ${name} that is no JSON`, { cause })
  }
}
