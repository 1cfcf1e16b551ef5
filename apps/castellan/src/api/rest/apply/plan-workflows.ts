import type { Manifest } from '@castellan/contracts'
import { fault, isFault } from '../../../kernel/index.ts'
import { workflowDifferences } from '../../../runs/index.ts'
import type { Core } from '../../core.ts'
import { workflowSource } from '../wire/workflow.ts'
import type { Planning } from './planning.ts'
import { planSection } from './plan-section.ts'
import type { Step } from './step.ts'

type Parts = Pick<Core, 'workflows'>
type Declared = NonNullable<Manifest['workflows']>[number]

/** By the names in their documents. Throws `WORKFLOW_INVALID` with the place of a document that cannot be read, in the manifest and in itself. */
export async function planWorkflows(
  { workflows }: Parts,
  wanted: Manifest['workflows'],
  planning: Planning,
): Promise<Step[]> {
  const { actor } = planning
  return planSection(
    'workflow',
    wanted && (await Promise.all(wanted.map((each, index) => declared(workflows, each, index)))),
    {
      known: () => workflows.list(actor.tenant),
      wish: ({ name, source, read }) => ({
        differsIn: before => workflowDifferences(before, source, read),
        make: () => workflows.put(name, source, actor),
      }),
      remove: ({ id }) => workflows.remove(id, actor),
    },
    planning,
  )
}

async function declared(workflows: Parts['workflows'], input: Declared, index: number) {
  const source = workflowSource(input)
  try {
    const read = await workflows.read(source)
    return { name: read.workflow.name, source, read }
  } catch (error) {
    if (!isFault(error, 'WORKFLOW_INVALID')) throw error
    const { why, places, messages } = error.details
    throw fault('WORKFLOW_INVALID', {
      why: `workflows.${index}: ${String(why)}`,
      // A text has no places inside but its lines, which the messages tell.
      places: (places as readonly string[]).map(at =>
        'text' in source ? `/manifest/workflows/${index}/source` : `/manifest/workflows/${index}/definition${at}`,
      ),
      messages: messages as readonly string[],
    })
  }
}
