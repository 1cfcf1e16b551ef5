import { fault } from './fault.ts'

const UNITS = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const
type Unit = keyof typeof UNITS

/** Bytes of a size written as `512B`, `64KB`, `512MB` or `2GB`, each 1024 of the one before. Throws `REQUEST_INVALID`. */
export function parseSize(text: string): number {
  const match = /^(\d{1,9})(B|KB|MB|GB)$/.exec(text)
  const bytes = match ? Number(match[1]) * UNITS[match[2] as Unit] : NaN
  if (!Number.isSafeInteger(bytes)) {
    throw fault('REQUEST_INVALID', {
      why: `the size "${text}" is not understood; write it like 512B, 64KB, 512MB or 2GB`,
    })
  }
  return bytes
}

/** The shortest exact way to write so many bytes; reads back with {@link parseSize}. */
export function formatSize(bytes: number): string {
  for (const unit of ['GB', 'MB', 'KB'] as const) {
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`
  }
  return `${bytes}B`
}
