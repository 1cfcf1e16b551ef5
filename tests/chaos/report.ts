import type { Account } from '../support/account.ts'
import type { Attempts } from './attempts.ts'
import type { Start } from './plane.ts'
import { unwrittenReads } from './audit.ts'

/** What was done and seen, and what was wrong. */
export class Report {
  readonly seed: number
  readonly kills = new Map<string, number>()
  /** Each start after a kill. */
  readonly starts: Start[] = []
  /** Milliseconds after each start until nothing of the killed control plane was left. */
  readonly reaped: number[] = []
  readonly violations: string[] = []
  repeats = 0
  writes = 0
  entries = 0
  swept = 0
  lostReads = 0
  /** Calls by effect class and what the client was told. */
  readonly told = new Map<string, number>()
  /** Calls by effect class and how they ended by the journal. */
  readonly journaled = new Map<string, number>()

  constructor(seed: number) {
    this.seed = seed
  }

  killed(moment: string): void {
    count(this.kills, moment)
  }

  wrong(where: string, found: readonly string[]): void {
    for (const each of found) this.violations.push(`${where}: ${each}`)
  }

  add({ all }: Attempts, account: Account, writes: number): void {
    for (const { effect, answer } of all) count(this.told, `${effect} ${answer?.outcome ?? 'unanswered'}`)
    for (const { effect, intended, outcome, swept } of account.calls.values()) {
      if (intended) count(this.journaled, `${effect} ${outcome}${swept ? ' (swept)' : ''}`)
    }
    this.writes += writes
    this.entries += account.leaves.length - 1
    this.swept += account.swept
    this.lostReads += unwrittenReads(all, account)
  }

  text(): string {
    const { starts, reaped } = this
    return [
      `seed ${this.seed}: ${sum(this.kills)} kills, ${sum(this.told)} calls, ${this.writes} acknowledged writes, ${this.entries} journal entries`,
      `  kills       ${table(this.kills)}`,
      `  answered    ${table(this.told)}`,
      `  journaled   ${table(this.journaled)}`,
      `  swept       ${this.swept} calls; ${this.repeats} keyed calls repeated; ${this.lostReads} answered reads not journaled`,
      `  ready after ${times(starts.map(({ milliseconds }) => milliseconds))}`,
      `    of which  ${times(starts.map(({ queued }) => queued))} waiting for a processor`,
      `  reaped in   ${times(reaped)}`,
      `  violations  ${this.violations.length}`,
      ...this.violations.slice(0, 50).map(each => `    ${each}`),
    ].join('\n')
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sum(counts: ReadonlyMap<string, number>): number {
  return counts.values().reduce((total, each) => total + each, 0)
}

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')
}

function times(list: readonly number[]): string {
  return `${Math.round(median(list))} ms (median), ${Math.round(Math.max(0, ...list))} ms (longest) of ${list.length}`
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0
}
