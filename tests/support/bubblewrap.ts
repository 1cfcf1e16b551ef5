import { spawnSync } from 'node:child_process'

/**
 * Whether processes can be confined here: false, or why tests that need it are skipped. Throws instead of skipping when
 * `CASTELLAN_REQUIRE_SERVICES=1`.
 */
export function withoutBubblewrap(): false | string {
  const args = [
    '--unshare-user',
    '--unshare-net',
    '--unshare-pid',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '/bin/sh',
    '-c',
    ':',
  ]
  const { status, error, stderr } = spawnSync('bwrap', args, { encoding: 'utf8', timeout: 10_000 })
  if (status === 0) return false
  const why = `bubblewrap cannot be used here (${error?.message ?? stderr.trim()})`
  if (process.env['CASTELLAN_REQUIRE_SERVICES'] === '1') throw new Error(why)
  return why
}
