export interface Turns {
  readonly most: number
  /** Of what somebody has under way at once, as much may be of one tenant. */
  readonly mostOfTenant: number
  /** The tenant that was served last: the ones after it come first. */
  readonly after: string
}

/**
 * The first of each tenant, then the second of each, as many as there may be. `held` says how many of a tenant are under way already;
 * those of a tenant keep the order they have.
 */
export function takeTurns<Row extends { readonly tenant: string }>(
  rows: readonly Row[],
  held: (tenant: string) => number,
  { most, mostOfTenant, after }: Turns,
): readonly Row[] {
  const tenants = [...Map.groupBy(rows, row => row.tenant)].sort(([one], [other]) => (one < other ? -1 : 1))
  const begin = tenants.findIndex(([tenant]) => tenant > after)
  const turned = begin < 0 ? tenants : [...tenants.slice(begin), ...tenants.slice(0, begin)]
  return turned
    .flatMap(([tenant, due]) =>
      due.slice(0, Math.max(0, mostOfTenant - held(tenant))).map((row, turn) => ({ row, turn })),
    )
    .toSorted((one, other) => one.turn - other.turn)
    .slice(0, most)
    .map(({ row }) => row)
}
