import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlaneSettings } from '../plane.ts'

const places = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(machine => `/usr/lib/${machine}/faketime/libfaketime.so.1`)

/** A clock on the wall that can be put forward and back; the one that only counts goes on as it does on a real machine. */
export interface Clock {
  readonly settings: PlaneSettings
  /** Seconds from the true time. */
  put(seconds: number): void
}

/** Null where libfaketime is not installed. */
export function wallClock(folder: string): Clock | null {
  const library = places.find(existsSync)
  if (library === undefined) return null
  const file = join(folder, 'clock')
  const put = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  put(0)
  const variables = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { settings: { variables }, put }
}
