import type { Books } from './books.ts'
import { KeyRing } from './key-ring.ts'
import { Principals } from './principals.ts'
import { Tenants } from './tenants.ts'

/** Who there is and what they may present. Permission to change it is asked by the surface, with `requireAccess`. */
export class Directory {
  readonly tenants: Tenants
  readonly principals: Principals
  readonly keys: KeyRing

  constructor(books: Books) {
    this.tenants = new Tenants(books)
    this.principals = new Principals(books)
    this.keys = new KeyRing(books, this.principals)
  }
}
