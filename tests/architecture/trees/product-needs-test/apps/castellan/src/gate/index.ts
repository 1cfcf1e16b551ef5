import { suite } from './gate.testsuite.ts'

export { suite }
