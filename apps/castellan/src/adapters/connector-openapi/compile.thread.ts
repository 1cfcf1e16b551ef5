import { parentPort, workerData } from 'node:worker_threads'
import { egressOf } from '../../registry/index.ts'
import { compileDocument } from './compile.ts'
import type { CompileOrder, CompileReport } from './compile-apart.ts'
import { DocumentProblem } from './document-problem.ts'
import { locationOf, readerFor } from './read-text.ts'

const order = workerData as CompileOrder

// Ended from outside when nobody waits any more, so no signal is needed in here.
const { server, connection, headers, timeouts } = order
const line = { egress: egressOf(server, connection) }
const read = readerFor(locationOf(connection.document), headers, timeouts, new AbortController().signal, line)
parentPort!.postMessage(await report())

async function report(): Promise<CompileReport> {
  try {
    return { is: 'compiled', document: await compileDocument(locationOf(connection.document), read, order) }
  } catch (error) {
    if (error instanceof DocumentProblem) return { is: error.kind, why: error.message }
    if (error instanceof RangeError) return { is: 'invalid', why: 'it is nested too deeply' }
    throw error
  }
}
