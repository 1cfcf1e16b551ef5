/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Variables of ours that are no settings: for the command line client, and for tests. */
export const otherVariables = ['CASTELLAN_CONFIG', 'CASTELLAN_URL', 'CASTELLAN_KEY', 'CASTELLAN_REQUIRE_SERVICES']

/** The environment as it was when the process started to look; the only place that reads it. */
export function processVariables(): Variables {
  return { ...process.env }
}

/**
 * Looks up variables for secret references. The environment belongs to whoever runs the installation, so only their own
 * tenant may send parts of it to servers, and our own settings (a database password) are not for any server.
 */
export function secretEnvironment(
  variables: Variables,
  tenant: string,
): (name: string, tenant: string) => string | undefined {
  return (name, asking) => {
    if (asking !== tenant || name.startsWith('CASTELLAN_') || !Object.hasOwn(variables, name)) return undefined
    return variables[name]
  }
}
