/** What a siege of runs did and saw, and what was wrong. */
export class RunsReport {
  readonly seed: number
  readonly moments = new Map<string, number>()
  readonly violations: string[] = []
  runs = 0
  kills = 0
  /** Calls of which a person had to say what became of them. */
  settled = 0

  constructor(seed: number) {
    this.seed = seed
  }

  met(moment: string): void {
    this.moments.set(moment, (this.moments.get(moment) ?? 0) + 1)
  }

  wrong(where: string, found: readonly string[]): void {
    for (const each of found) this.violations.push(`${where}: ${each}`)
  }

  text(): string {
    return [
      `seed ${this.seed}: ${this.runs} runs, ${this.kills} kills, ${this.settled} calls settled by a person, ${this.moments.size} kinds of moments`,
      `  violations  ${this.violations.length}`,
      ...this.violations.slice(0, 50).map(each => `    ${each}`),
    ].join('\n')
  }
}
