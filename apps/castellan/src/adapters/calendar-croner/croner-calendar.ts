import { Cron } from 'croner'
import type { Calendar } from '../../runs/index.ts'

/**
 * Expressions of five fields, or of six with seconds before them, in the time of a zone. At the change to summer time a moment in the hour
 * that is left out comes when the clocks have gone forward; at the change back one at a fixed hour comes once, and one of every hour in
 * each of the two. When both a day of the month and one of the week are given, either will do.
 */
export const cronerCalendar: Calendar = {
  problem(expression, zone) {
    if (!CRON.test(expression)) return 'it must have five fields, or six with seconds, or be one such as @daily'
    try {
      if (cron(expression, zone).nextRun() === null) return 'there is no such time'
      return null
    } catch (error) {
      return (error as Error).message
    }
  },
  next: (expression, zone, after) => cron(expression, zone).nextRun(after),
  passed(expression, zone, after, until, most) {
    // Moments are whole seconds, and what is asked for lies before the reference.
    const reference = new Date(Math.floor(until.getTime() / 1_000) * 1_000 + 1_000)
    const moments = cron(expression, zone)
      .previousRuns(most, reference)
      .filter(moment => moment > after && moment <= until)
    return moments.toSorted((one, other) => one.getTime() - other.getTime())
  },
}

function cron(expression: string, zone: string): Cron {
  return new Cron(expression, { timezone: zone, paused: true })
}

/** A time alone, which the library also takes, never comes again. */
const CRON = /^(@(yearly|annually|monthly|weekly|daily|hourly)|\S+( +\S+){4,5})$/
