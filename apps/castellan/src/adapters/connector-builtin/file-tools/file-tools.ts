import type { FileToolsSettings } from '@castellan/contracts'
import { parseSize } from '../../../kernel/index.ts'
import { refused, type Toolbox } from '../tool.ts'
import { deleteFile } from './delete-file.ts'
import { listFiles, statFile } from './list-files.ts'
import { readFile } from './read-file.ts'
import { Roots } from './roots.ts'
import { writeFile } from './write-file.ts'

/** Files below granted folders. Nothing leads out of them, and nothing into the control plane's own folder. */
export function fileTools(settings: FileToolsSettings, ownFolder: string): Toolbox {
  const roots = new Roots(settings.roots, settings.hidden, ownFolder)
  const most = parseSize(settings.max_size)
  return {
    tools: [
      readFile(roots, most),
      listFiles(roots),
      statFile(roots),
      ...(settings.write ? [writeFile(roots, most)] : []),
      ...(settings.delete ? [deleteFile(roots)] : []),
    ],
    async probe() {
      if (process.platform !== 'linux')
        throw refused('file_tools needs Linux, which alone can hold a folder while it is walked')
      await roots.check()
    },
  }
}
