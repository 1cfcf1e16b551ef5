import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core } from '../api/index.ts'
import { type Actor, bootstrap, DEFAULT_TENANT } from '../identity/index.ts'
import { newId } from '../kernel/index.ts'

/** Name of the file in the data folder that holds the first key. */
export const ADMIN_KEY = 'admin.key'

/**
 * Makes a new installation usable and leaves an old one as it is: a tenant, an administrator with a key in a file that only
 * this user can read, the starter policies, and grants that let the role admin see everything. What the administrator may
 * then do is for policy to say.
 */
export async function welcome(core: Core, folder: string): Promise<void> {
  const isNew = await bootstrap(core.directory, async key => {
    const file = join(folder, ADMIN_KEY)
    // The mode counts only for a file that is made anew.
    await rm(file, { force: true })
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
  })
  const actor: Actor = { tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() }
  await core.welcomeTenant(DEFAULT_TENANT, actor)
  if (!isNew || core.registry.grants(DEFAULT_TENANT).length > 0) return
  for (const primitive of ['tool', 'resource', 'prompt'] as const) {
    await core.registry.addGrant({ to: { role: 'admin' }, server: '*', primitive, name: '*', asTool: false }, actor)
  }
}
