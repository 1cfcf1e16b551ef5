import { z } from 'zod'
import { duration } from './common.ts'

/**
 * What a scripted model answers: the first line that fits does. Which one that is depends on the request alone, so the same
 * conversation always goes the same way.
 */
export const modelScript = z.strictObject({
  lines: z
    .array(
      z.strictObject({
        when: z
          .strictObject({
            model: z.string().describe('The name after the slash is this one.'),
            contains: z.string().min(1).describe('A message or result that is new to the model contains this.'),
            matches: z.string().describe('A message or result that is new to it matches this regular expression.'),
            turn: z.int().min(1).describe('It speaks for so many times now, counted from 1.'),
            after_tool: z.string().describe('A result of this tool is new to it.'),
          })
          .partial()
          .describe('All that is said must hold; nothing said fits always.')
          .default({}),
        think: z.string().describe('Told as its thoughts, and no part of the answer.').optional(),
        say: z.string().default(''),
        call: z.array(z.strictObject({ tool: z.string().min(1), args: z.json().default({}) })).default([]),
        finish: z
          .enum(['stop', 'length', 'filtered'])
          .describe('How it ends, when it does not ask for tools.')
          .default('stop'),
        usage: z
          .strictObject({ input: z.int().min(0), output: z.int().min(0), cached: z.int().min(0).default(0) })
          .describe('What it says it used; guessed by lengths otherwise.')
          .optional(),
        delay: duration.describe('How long it takes before it begins.').optional(),
        fail: z
          .strictObject({
            with: z.enum(['unavailable', 'refused']),
            status: z.int().min(400).max(599).optional(),
            retry_after: duration.optional(),
          })
          .describe('It fails instead.')
          .optional(),
      }),
    )
    .min(1),
})

export type ModelScript = z.infer<typeof modelScript>
