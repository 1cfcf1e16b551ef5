import type { Problem } from '@castellan/contracts'

/** An answer of the API that says no, and why. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.problem = problem
  }
}

/** The control plane could not be reached, or what answered was no control plane. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}
