import { test } from 'node:test'
import { fc } from '../../../../../../../../support/properties.ts'
import { journalSuite } from '../../journal/journal.testsuite.ts'
import { store } from './index.ts'

test(fc.name, () => journalSuite(store(process.env)))
