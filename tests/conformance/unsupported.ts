/** What we do not offer, by the scenarios that look for it. The report leaves out a reason once its scenarios pass. */
const reasons: readonly (readonly [scenarios: RegExp, reason: string])[] = [
  [
    /^tasks-/,
    'The tasks extension. The SDK that the fixture server is made with does not have it, so there are no tasks behind the gate\n' +
      '  that these scenarios could look at.',
  ],
  [
    /^auth\/(client-credentials|enterprise-managed-authorization|dpop|wif)/,
    'Extensions of authorization towards servers: grants without a person, and tokens bound to a key. Castellan has the authorization\n' +
      '  code grant with bearer tokens.',
  ],
]

/** Why a scenario is not expected to pass; undefined when it is. */
export function reasonFor(scenario: string): string | undefined {
  return reasons.find(([scenarios]) => scenarios.test(scenario))?.[1]
}
