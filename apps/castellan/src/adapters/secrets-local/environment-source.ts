import { fault } from '../../kernel/index.ts'
import type { SecretSource } from '../../registry/index.ts'

/** Variables of the control plane's environment, as far as `lookup` lets a tenant have them. */
export function environmentSource(lookup: (name: string, tenant: string) => string | undefined): SecretSource {
  return {
    async read(tenant, name) {
      const value = lookup(name, tenant)
      if (value !== undefined) return value
      throw fault('SECRET_UNREADABLE', {
        name,
        why: 'the environment of the control plane has no such variable for this tenant; set it and restart, or store the value as a secret',
      })
    },
    close: () => Promise.resolve(),
  }
}
