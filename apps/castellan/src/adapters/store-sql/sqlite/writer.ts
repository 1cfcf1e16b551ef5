import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Batch, Reply, Request, WriterSettings } from './batch.ts'
import { openWritable } from './connection.ts'
import { GroupCommit } from './group-commit.ts'

// The writer thread: the only writer of the database, so streams and offsets need no other arbiter.

/** Most batches in one transaction: bounds the memory and the wait of the first of them. */
const MOST_IN_GROUP = 1024

const port = parentPort as MessagePort
const { path, maxBytes } = workerData as WriterSettings
const db = openWritable(path, maxBytes)
const group = new GroupCommit(db)

port.on('message', (first: Request | 'close') => {
  let waiting: Batch[] = []
  for (let next: Request | 'close' | undefined = first; next !== undefined; next = another()) {
    if (next === 'close') {
      write(waiting)
      db.close()
      port.close()
      return
    }
    waiting = waiting.length === 0 ? [...next.batches] : [...waiting, ...next.batches]
    if (waiting.length >= MOST_IN_GROUP) break
  }
  write(waiting)
})

function another(): Request | 'close' | undefined {
  return receiveMessageOnPort(port)?.message
}

function write(batches: readonly Batch[]): void {
  for (let at = 0; at < batches.length; at += MOST_IN_GROUP) {
    const some = batches.slice(at, at + MOST_IN_GROUP)
    const results = group.run(some).map((result, index) => ({ id: some[index]!.id, result }))
    port.postMessage({ results, commits: group.commits } satisfies Reply)
  }
}
