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
  const actor: Actor = { tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() }
  await bootstrap(core.directory, async key => {
    // Before the key is kept: its being there is what makes an installation an old one, so a start that was cut short is
    // finished by the next one.
    await grantEverything(core, actor)
    const file = join(folder, ADMIN_KEY)
    // The mode counts only for a file that is made anew.
    await rm(file, { force: true })
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
  })
  await core.welcomeTenant(DEFAULT_TENANT, actor)
}

/** To the role admin, as far as it was not done by a start that was cut short. */
async function grantEverything({ registry }: Core, actor: Actor): Promise<void> {
  const granted = new Set(registry.grants.list(actor.tenant).map(({ primitive }) => primitive))
  for (const primitive of ['tool', 'resource', 'prompt'] as const) {
    if (granted.has(primitive)) continue
    await registry.grants.add({ to: { role: 'admin' }, server: '*', primitive, name: '*', asTool: false }, actor)
  }
}
