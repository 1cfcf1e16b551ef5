/**
 * The lockfile names packages by version and hash, never by the place they were once fetched from: everybody installs from
 * the registry they trust, and nobody learns which one we used. `.npmrc` keeps it so.
 */
export function lockfileProblems(lockfile: string): string[] {
  const lock = JSON.parse(lockfile) as { packages?: Record<string, { resolved?: string; hasInstallScript?: boolean }> }
  return Object.entries(lock.packages ?? {}).flatMap(([name, { resolved, hasInstallScript }]) => [
    ...(resolved !== undefined && /^[a-z+]+:/.test(resolved) ? [`package-lock.json: ${name} names a registry`] : []),
    ...(hasInstallScript ? [`package-lock.json: ${name} runs a script when it is installed`] : []),
  ])
}
