// The REST API, named apart from the other faces, so that a start need not load it.
export { restPlugin } from '../api/index.ts'
