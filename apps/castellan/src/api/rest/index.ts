import type { FastifyInstance } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Core } from '../core.ts'
import { addAnswerHeaders } from './answer-headers.ts'
import { applyRoutes } from './apply/route.ts'
import { identify } from './caller.ts'
import { handleErrors, nothingHere, sendProblem } from './error-handler.ts'
import { readJsonBodies } from './json-body.ts'
import { describeRoutes } from './open-api.ts'
import { otherMethods } from './other-methods.ts'
import { agentExecutionRoutes } from './routes/agent-execution.ts'
import { agentRoutes } from './routes/agents.ts'
import { approvalCallbackRoute, approvalRoutes } from './routes/approvals.ts'
import { grantRoutes } from './routes/grants.ts'
import { groupRoutes } from './routes/groups.ts'
import { guardrailRoutes } from './routes/guardrails.ts'
import { keyRoutes } from './routes/keys.ts'
import { pinRoutes } from './routes/pins.ts'
import { principalRoutes } from './routes/principals.ts'
import { reportRoutes } from './routes/reports.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { budgetRoutes } from './routes/budgets.ts'
import { callRoutes } from './routes/calls.ts'
import { capabilityRoutes } from './routes/capabilities.ts'
import { journalRoutes } from './routes/journal.ts'
import { lifeRoutes, metricRoutes } from './routes/operations.ts'
import { modelRoutes } from './routes/models.ts'
import { policyRoutes } from './routes/policies.ts'
import { priceRoutes } from './routes/prices.ts'
import { ruleRoutes } from './routes/rules.ts'
import { authorizationRoutes, callbackRoute } from './routes/authorization.ts'
import { runRoutes, stepCallbackRoute } from './routes/runs.ts'
import { secretRoutes } from './routes/secrets.ts'
import { serverRoutes } from './routes/servers.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'
import { tenantBudgetRoutes } from './routes/tenant-budgets.ts'
import { teamExecutionRoutes } from './routes/team-execution.ts'
import { teamRoutes } from './routes/teams.ts'
import { workflowExecutionRoutes } from './routes/workflow-execution.ts'
import { workflowRoutes } from './routes/workflows.ts'
import { hookRoute, triggerRoutes } from './routes/triggers.ts'
import { toolRoutes } from './routes/tools.ts'
import { validatorCompiler } from './validate.ts'

export { refuseUnreadable } from './error-handler.ts'

/** The REST API, its OpenAPI 3.1 document at `/api/openapi.json` and its reference at `/docs`. */
export function restPlugin(core: Core): (app: FastifyInstance) => Promise<void> {
  return async app => {
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    readJsonBodies(app)
    handleErrors(app, core)
    addAnswerHeaders(app, core)

    // Answered to everybody: life signs, the document and its reference, people who come back from
    // an authorization server, and whoever answers a notice.
    const refuseOthers = otherMethods(app)
    describeRoutes(app, core.version)
    lifeRoutes(app.withTypeProvider<ZodTypeProvider>(), core)
    callbackRoute(app, core)
    approvalCallbackRoute(app.withTypeProvider<ZodTypeProvider>(), core)
    stepCallbackRoute(app.withTypeProvider<ZodTypeProvider>(), core)
    refuseOthers()

    await app.register(plain => hookRoute(plain, core))
    await app.register(guarded(core))

    // Whoever is not known here does not learn which paths there are, either.
    app.setNotFoundHandler(async (request, reply) => {
      await identify(core, request, reply)
      return sendProblem(reply, nothingHere())
    })
  }
}

/** What nobody gets without credentials. */
function guarded(core: Core): (app: FastifyInstance) => Promise<void> {
  return async plain => {
    const app = plain.withTypeProvider<ZodTypeProvider>()
    app.addHook('onRequest', async (request, reply) => identify(core, request, reply))
    const refuseOthers = otherMethods(app)
    serverRoutes(app, core)
    authorizationRoutes(app, core)
    capabilityRoutes(app, core)
    pinRoutes(app, core)
    toolRoutes(app, core)
    grantRoutes(app, core)
    groupRoutes(app, core)
    tenantRoutes(app, core)
    principalRoutes(app, core)
    keyRoutes(app, core)
    ruleRoutes(app, core)
    policyRoutes(app, core)
    secretRoutes(app, core)
    sessionRoutes(app, core)
    agentRoutes(app, core)
    agentExecutionRoutes(app, core)
    workflowRoutes(app, core)
    workflowExecutionRoutes(app, core)
    teamRoutes(app, core)
    teamExecutionRoutes(app, core)
    runRoutes(app, core)
    reportRoutes(app, core)
    budgetRoutes(app, core)
    priceRoutes(app, core)
    modelRoutes(app, core)
    tenantBudgetRoutes(app, core)
    guardrailRoutes(app, core)
    callRoutes(app, core)
    approvalRoutes(app, core)
    journalRoutes(app, core)
    subscriptionRoutes(app, core)
    triggerRoutes(app, core)
    applyRoutes(app, core)
    metricRoutes(app, core)
    refuseOthers()
  }
}
