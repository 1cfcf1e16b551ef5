import { BundleProblem } from './bundle-problem.ts'

const BLOCK = 512

/**
 * The files of a tar archive by their path without a slash in front. Links, folders and extended headers are passed over: what a
 * bundle needs has short names. Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */
export function untar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK)
    // The archive ends with blocks of zeros.
    if (header.every(byte => byte === 0)) break
    const size = sizeIn(header)
    const start = at + BLOCK
    if (start + size > archive.length) throw new BundleProblem('is cut off')
    if (isFile(header)) {
      const path = pathIn(header)
      if (files.has(path)) throw new BundleProblem('holds a file twice')
      files.set(path, archive.subarray(start, start + size))
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function sizeIn(header: Buffer): number {
  const written = textIn(header, 124, 12).trim()
  // More than eight digits is more than any bundle may have; larger ones are written in another way still.
  if (!/^0*[0-7]{1,9}$/.test(written)) throw new BundleProblem('is no tar archive')
  return Number.parseInt(written, 8)
}

function isFile(header: Buffer): boolean {
  const type = header[156]
  return type === 0 || type === '0'.charCodeAt(0)
}

function pathIn(header: Buffer): string {
  const isUstar = textIn(header, 257, 5) === 'ustar'
  const prefix = isUstar ? textIn(header, 345, 155) : ''
  const name = textIn(header, 0, 100)
  return `${prefix === '' ? '' : `${prefix}/`}${name}`.replace(/^\.?\/+/, '')
}

function textIn(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}
