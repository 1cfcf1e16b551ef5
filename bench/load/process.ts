// The load generator as a process of its own: a plan comes in as a message, what became of it goes out as one.
import type { Plan } from './plan.ts'
import { runPlan } from './run-plan.ts'

process.on('message', (plan: Plan) => {
  runPlan(plan).then(
    load => process.send!({ load }),
    (error: unknown) => process.send!({ error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
