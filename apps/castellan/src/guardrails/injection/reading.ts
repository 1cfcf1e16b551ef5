import { type Hit, STEP, type Words } from '../linear/index.ts'
import { signs, signsIn, Tally } from './evidence.ts'
import { type IdeaFeatures, ideaFeatures } from './idea-features.ts'

/** Steps in a row in which what speaks for and against an attack adds up. */
export interface Window {
  /** Half open, in steps. */
  readonly from: number
  readonly to: number
  /** Which of {@link LENGTHS} it has; the last window of a text may be shorter. */
  readonly length: number
  /** The points of cues in it, and, below zero, of doubts in it and around it. */
  readonly evidence: number
  readonly doubt: number
  /** Which of the cues are in it, half open. */
  readonly first: number
  readonly last: number
}

/** A text as the model of ideas sees it. */
export interface Reading {
  readonly cues: readonly Hit[]
  /** By length, then from left to right. */
  readonly windows: readonly Window[]
  readonly features: IdeaFeatures
}

/** Lengths of windows in steps, for a remark, a prompt and a long prompt. */
export const LENGTHS = [2, 8, 24] as const
/** How far around a window doubts are looked for, in steps: an article says once that it is one. */
const AROUND = 8

/** Reads a text for all models that judge it. */
export function readingOf(text: string, words: Words): Reading {
  const hits = signsIn(text, words)
  const cues = hits.filter(({ phrase }) => signs[phrase]!.points > 0)
  const doubts = hits.filter(({ phrase }) => signs[phrase]!.points < 0)
  return { cues, windows: windowsOf(Math.ceil(words.count / STEP), cues, doubts), features: ideaFeatures(words) }
}

function windowsOf(steps: number, cues: readonly Hit[], doubts: readonly Hit[]): Window[] {
  const windows: Window[] = []
  for (const [length, size] of LENGTHS.entries()) {
    // A longer window would be the same stretch again.
    if (length > 0 && steps <= LENGTHS[length - 1]!) break
    const evidence = new Tally(cues)
    const doubt = new Tally(doubts)
    for (let from = 0; from === 0 || from + size <= steps; from++) {
      const to = Math.min(from + size, steps)
      const found = evidence.of(from * STEP, to * STEP)
      const against = doubt.of((from - AROUND) * STEP, (to + AROUND) * STEP)
      windows.push({ from, to, length, evidence: found, doubt: against, first: evidence.first, last: evidence.last })
    }
  }
  return windows
}
