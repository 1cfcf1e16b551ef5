import type { JournalEvent } from '@castellan/contracts'
import type { Entry, SequencedEntry } from './entry.ts'

/** An entry as a CloudEvent; extension names are lower-case letters and digits, as CloudEvents 1.0.2 asks. */
export function cloudEvent(entry: Entry | SequencedEntry): JournalEvent {
  return {
    specversion: '1.0',
    id: entry.id,
    source: `/tenants/${entry.tenant}`,
    type: entry.type,
    time: entry.at,
    subject: entry.stream,
    datacontenttype: 'application/json',
    data: entry.data,
    principal: entry.principal,
    correlationid: entry.correlationId,
    ...(entry.causationId === null ? {} : { causationid: entry.causationId }),
    ...('offset' in entry ? { offset: entry.offset } : {}),
    streamseq: entry.seq,
    leafhash: entry.leafHash,
  }
}
