/** Where the tenant stands in a path. */
const TENANT = '{tenant}'

/** The path of the decision for a tenant; null when the tenant's name cannot stand in a path. */
export function decisionPath(template: string, tenant: string): string | null {
  if (!template.includes(TENANT)) return template
  // Dots would be taken for a way up, however they are escaped.
  if (tenant === '' || isDots(tenant) || !tenant.isWellFormed()) return null
  return template.replaceAll(TENANT, () => encodeURIComponent(tenant))
}

/** Whether a path is that of the decision for some tenant. */
export function fitsDecisionPath(template: string, path: string): boolean {
  const parts = path.split('/')
  const wanted = template.split('/')
  return parts.length === wanted.length && wanted.every((part, index) => part === TENANT || part === parts[index])
}

function isDots(text: string): boolean {
  return text === '.' || text === '..'
}
