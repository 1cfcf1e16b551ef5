/**
 * The lockfile names packages by version and hash, never by the place they were once fetched from: everybody installs from
 * the registry they trust, and nobody learns which one we used. `.npmrc` keeps it so.
 */
export function lockfileProblems(path: string, lockfile: string): string[] {
  const lock = JSON.parse(lockfile) as { packages?: Record<string, { resolved?: string; hasInstallScript?: boolean }> }
  return Object.entries(lock.packages ?? {}).flatMap(([name, { resolved, hasInstallScript }]) => [
    ...(resolved !== undefined && /^[a-z+]+:/.test(resolved) ? [`${path}: ${name} names a registry`] : []),
    ...(hasInstallScript ? [`${path}: ${name} runs a script when it is installed`] : []),
  ])
}
