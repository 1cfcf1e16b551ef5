import { z } from 'zod'
import { timestamp } from './common.ts'

/** What a member put on the board. Nothing on it changes: what is new has a higher version. */
export const boardEntry = z
  .object({
    /** From 1, in the order in which they came. */
    version: z.int(),
    kind: z.enum([
      'answered',
      'proposed',
      'criticised',
      'revised',
      'voted',
      'judged',
      'merged',
      'handed_off',
      'member_failed',
    ]),
    member: z.string(),
    round: z.int(),
    /** Of the run of the team. */
    step: z.string(),
    /** The run in which it was done. */
    run: z.string(),
    at: timestamp,
    content: z.unknown(),
  })
  .meta({ id: 'TeamBoardEntry' })
