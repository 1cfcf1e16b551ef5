import { z } from 'zod'

/** What is no id or name of ours is simply not found. */
const part = z.string().max(512)

export const byId = z.object({ id: part })
export const byIdAndOffset = z.object({ id: part, offset: part })
export const byTeamId = z.object({ team_id: part })
export const byName = z.object({ name: part })
