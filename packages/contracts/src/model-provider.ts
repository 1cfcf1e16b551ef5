import { z } from 'zod'

export const modelProvider = z
  .object({
    /** As in the setting `models.providers`, and before the first slash in the name of a model. */
    name: z.string(),
    kind: z.string(),
    /** What keeps it from being asked, as far as it shows without asking; null when nothing does. */
    trouble: z.string().nullable(),
  })
  .meta({ id: 'ModelProvider' })
export type ModelProvider = z.infer<typeof modelProvider>
