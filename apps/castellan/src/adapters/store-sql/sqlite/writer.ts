import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Batch, Reply, Request, Result, WriterSettings } from './batch.ts'
import { openWritable } from './connection.ts'
import { GroupCommit } from './group-commit.ts'

// The writer thread: the only writer of the database, so streams and offsets need no other arbiter.

/** Most batches in one transaction: bounds the memory and the wait of the first of them. */
const MOST_IN_GROUP = 1024

const port = parentPort as MessagePort
const { path, maxBytes } = workerData as WriterSettings
const db = openWritable(path, maxBytes)
const group = new GroupCommit(db)

// A request as JSON, or null to close.
port.on('message', (first: string | null) => {
  const waiting: Batch[] = []
  let appends = false
  for (let next: string | null | undefined = first; next !== undefined; next = another()) {
    if (next === null) {
      write(waiting, appends)
      db.close()
      port.close()
      return
    }
    const request = JSON.parse(next) as Request
    group.learn(request.texts)
    for (const batch of request.batches) waiting.push(batch)
    appends ||= request.appends
    if (waiting.length >= MOST_IN_GROUP) break
  }
  write(waiting, appends)
})

function another(): string | null | undefined {
  return receiveMessageOnPort(port)?.message
}

function write(batches: readonly Batch[], appends: boolean): void {
  for (let at = 0; at < batches.length; at += MOST_IN_GROUP) {
    const results = group.run(batches.slice(at, at + MOST_IN_GROUP))
    port.postMessage({
      answered: results.length,
      failed: [...results.entries()].filter(isFailure),
      commits: group.commits,
      head: appends ? group.head : null,
    } satisfies Reply)
  }
}

function isFailure([, result]: readonly [number, Result]): boolean {
  return result.is !== 'done'
}
