import { unlink } from 'node:fs/promises'
import { fields, refused, tool, type Tool } from '../tool.ts'
import { unwilling } from './folder.ts'
import type { Place, Roots } from './roots.ts'

export function deleteFile(roots: Roots): Tool {
  return tool<Place>(
    {
      name: 'delete_file',
      description: 'Deletes a file. Folders are not deleted.',
      inputSchema: roots.fields({}),
      outputSchema: fields({ path: { type: 'string' } }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    async place => {
      await roots.within(place, false, async (folder, name) => {
        const there = await folder.look(name)
        if (there === null) throw refused(`"${place.path}" is not there`)
        if (!there.isFile()) throw refused(`"${place.path}" is not a regular file`)
        await unlink(folder.at(name)).catch(unwilling(name))
        await folder.sync()
      })
      return { structured: { path: place.path }, text: `${place.path} is deleted` }
    },
  )
}
