import { z } from 'zod'
import { tenantBudget, tenantBudgetInput } from './budgets.ts'
import { id, line, pattern, recipient, role, text, timestamp } from './common.ts'

export const grantInput = z
  .strictObject({
    to: recipient,
    /** Server name, or `*`. */
    server: line(64),
    primitive_type: z.enum(['tool', 'resource', 'prompt']),
    /** Pattern over original names. */
    name: pattern,
    /** Whether a resource or prompt is offered as a tool, too. */
    as_tool: z.boolean().optional(),
  })
  .meta({ id: 'GrantWish' })
export type GrantInput = z.input<typeof grantInput>
export const grant = grantInput.extend({ id, as_tool: z.boolean() }).meta({ id: 'Grant' })
export type Grant = z.infer<typeof grant>

export const groupInput = z
  .strictObject({
    description: text(2_000).optional(),
    members: z.array(z.strictObject({ server: line(64), names: z.array(pattern).max(1_000) })).max(1_000),
  })
  .meta({ id: 'GroupWish' })
export type GroupInput = z.input<typeof groupInput>
export const group = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    members: z.array(z.object({ server: z.string(), names: z.array(z.string()) })),
    version: z.int(),
  })
  .meta({ id: 'Group' })
export type Group = z.infer<typeof group>

export const scope = z.enum(['mcp', 'read', 'write', 'admin'])

export const tenantInput = z
  .strictObject({ id: line(64), description: text(1_000).optional() })
  .meta({ id: 'TenantWish' })
export const tenantChange = z
  .strictObject({
    description: text(1_000).optional(),
    suspended: z.boolean().optional(),
  })
  .meta({ id: 'TenantChange' })
export const tenant = z
  .object({ id: z.string(), description: z.string(), suspended: z.boolean(), version: z.int() })
  .meta({ id: 'Tenant' })
export type Tenant = z.infer<typeof tenant>

/** What is set for a tenant from above. */
export const tenantAdministration = tenantChange
  .extend({
    /** Null takes the budget away. */
    budget: tenantBudgetInput.nullable().optional(),
  })
  .meta({ id: 'TenantAdministration' })
export type TenantAdministration = z.input<typeof tenantAdministration>
export const tenantAdministered = tenant.extend({ budget: tenantBudget.nullable() }).meta({ id: 'TenantAdministered' })
export type TenantAdministered = z.infer<typeof tenantAdministered>

export const principalInput = z
  .strictObject({
    name: line(200),
    kind: z.enum(['user', 'agent', 'service', 'site']),
    roles: z.array(role).max(4).optional(),
  })
  .meta({ id: 'PrincipalWish' })
export type PrincipalInput = z.input<typeof principalInput>
export const principalChange = z
  .strictObject({ name: line(200).optional(), roles: z.array(role).max(4).optional() })
  .meta({ id: 'PrincipalChange' })
export const principal = z
  .object({
    id,
    name: z.string(),
    kind: z.enum(['user', 'agent', 'service', 'site']),
    /** In this tenant. */
    roles: z.array(role),
    external: z.object({ issuer: z.string(), subject: z.string() }).nullable(),
    version: z.int(),
  })
  .meta({ id: 'Principal' })
export type Principal = z.infer<typeof principal>

export const keyInput = z
  .strictObject({
    /** Id of the principal it stands for. */
    principal: id,
    name: line(200),
    scopes: z.array(scope).min(1).max(4),
    /** When it ends; without it, when it is revoked. */
    expires_at: z.iso.datetime().nullable().optional(),
  })
  .meta({ id: 'KeyWish' })
export type KeyInput = z.input<typeof keyInput>
export const key = z
  .object({
    id: z.string(),
    principal: id,
    name: z.string(),
    scopes: z.array(scope),
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    created_at: timestamp,
  })
  .meta({ id: 'Key' })
export type Key = z.infer<typeof key>
/** The only answer that ever holds the key itself. */
export const newKey = key.extend({ plaintext: z.string() }).meta({ id: 'NewKey' })
export type NewKey = z.infer<typeof newKey>

/** What came of replacing the master key. */
export const secretRotation = z
  .object({
    /** Id of the master key that everything readable hangs on now. */
    key: z.string(),
    /** How many secrets were taken over. */
    rewrapped: z.int(),
    /** Secrets that cannot be read, and so hang on what they did. */
    unreadable: z.array(z.object({ tenant: z.string(), name: z.string() })),
  })
  .meta({ id: 'SecretRotation' })
export type SecretRotation = z.infer<typeof secretRotation>

export const secretValue = z.strictObject({ value: z.string().min(1).max(65_536) }).meta({ id: 'SecretValue' })
