// npm run check -- docs
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '../../apps/castellan/src/kernel/index.ts'
import { brokenFences } from './fences.ts'
import { brokenLinks } from './links.ts'
import { lockfileProblems } from './lockfile.ts'
import { catalogueProblems } from './error-reference.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = globSync('**/*.md', {
  cwd: root,
  exclude: path => /(^|\/)(node_modules|dist|\.git|\.castellan)$/.test(path),
}).toSorted()

const problems = [
  ...documents.flatMap(path => [...brokenLinks(root, path, read(path)), ...brokenFences(root, path, read(path))]),
  ...catalogueProblems(read('docs/errors.md'), catalogue),
  ...['package-lock.json', 'tests/third-party/package-lock.json'].flatMap(path => lockfileProblems(path, read(path))),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
