/** The port behind times that come again. What it is asked about, it has no opinion on: nothing of it keeps a timer. */
export interface Calendar {
  /** What is wrong with an expression of cron and the name of a time zone; null when nothing is. */
  problem(expression: string, zone: string): string | null
  /** The first moment after another; null when there is none any more. */
  next(expression: string, zone: string, after: Date): Date | null
  /** The newest moments after one, up to another and with it, at most so many; oldest first. */
  passed(expression: string, zone: string, after: Date, until: Date, most: number): readonly Date[]
}
