import type { SchemaValidator } from '../../gate/index.ts'
import type { Decider } from '../decider.ts'
import type { AgentDefinition } from './definition.ts'
import { modelBrain } from './decider.ts'
import { rulesBrain } from './rules-brain.ts'

/** An agent and the brain that decides for it; null before it has begun. */
interface Agent {
  readonly brain: Decider<unknown>
  readonly state: unknown
}

/** Agents of both kinds: their definition says whether a model decides, or rules. */
export function agentDecider(validator: SchemaValidator): Decider<Agent | null> {
  const model: Decider<unknown> = modelBrain(validator)
  const rules: Decider<unknown> = rulesBrain(validator)
  return {
    begin: () => null,
    evolve(agent, happening) {
      if (happening.is === 'began') {
        const { rules: given } = happening.definition as unknown as AgentDefinition
        const brain = given === undefined ? model : rules
        return { brain, state: brain.evolve(brain.begin(), happening) }
      }
      return agent && { ...agent, state: agent.brain.evolve(agent.state, happening) }
    },
    decide: (agent, now) =>
      agent === null ? { asks: [], until: null, ends: null } : agent.brain.decide(agent.state, now),
    request: (agent, step) => agent!.brain.request(agent!.state, step),
    compute: (agent, step) => agent!.brain.compute!(agent!.state, step),
  }
}
