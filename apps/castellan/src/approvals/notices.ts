import type { Journal, Post } from '../journal/index.ts'
import { type Clock, Fault, isFault, isoTime, signatureHeaders } from '../kernel/index.ts'
import type { Approval } from './approval.ts'
import type { Approvals } from './approvals.ts'
import type { ApprovalStore } from './approval-store.ts'
import type { CallbackTokens } from './callback-token.ts'
import { MOST_ATTEMPTS, type Notice, pauseAfter } from './notice.ts'
import { wireApproval } from './wire-approval.ts'

export interface NoticeParts {
  readonly store: ApprovalStore
  readonly journal: Journal
  readonly approvals: Approvals
  readonly tokens: CallbackTokens
  readonly post: Post
  /** The stored secret of a tenant. Throws `SECRET_UNREADABLE`. */
  readonly secret: (tenant: string, name: string) => Promise<string>
  /** Where the outside reaches us. */
  readonly publicUrl: () => string
  readonly clock: Clock
}

/**
 * Tells others of questions that wait for a decision, at least once each, until they hear it, it is decided, or they have
 * been told too often. What is under way when the process ends is told again by the next, under the same id.
 */
export class Notices {
  readonly #parts: NoticeParts

  constructor(parts: NoticeParts) {
    this.#parts = parts
  }

  /** Delivers what is due; resolves when all of it has been tried. */
  async turn(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#parts
    const due = await store.noticesDue(isoTime(clock.now()), PAGE)
    await Promise.all(due.map(notice => this.#deliver(notice, signal)))
  }

  async #deliver(due: Notice, signal: AbortSignal): Promise<void> {
    // Whoever gets this written makes the attempt; and should it never end, another is made when the pause is over.
    const notice = next(due, { attempts: due.attempts + 1, nextAt: this.#after(due.attempts + 1) })
    if (!(await this.#saved(notice))) return
    const approval = await this.#parts.store.approval(notice.tenant, notice.id)
    if (approval?.state !== 'pending') return void (await this.#saved(next(notice, { nextAt: null })))
    const trouble = await this.#tell(approval, notice, signal)
    if (trouble === null) return void (await this.#saved(next(notice, { nextAt: null }), 'approval.notified', null))
    if (notice.attempts >= MOST_ATTEMPTS || trouble === GONE) {
      await this.#saved(next(notice, { nextAt: null }), 'approval.notice_failed', trouble)
    }
  }

  /** Null when it arrived, otherwise why it did not. */
  async #tell(approval: Approval, { url, secret: name }: Notice, signal: AbortSignal): Promise<string | null> {
    const { post, secret, clock } = this.#parts
    let key: string
    try {
      key = await secret(approval.tenant, name)
    } catch (error) {
      if (error instanceof Fault) return error.message
      throw error
    }
    const body = JSON.stringify(await this.#event(approval))
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signatureHeaders(key, approval.id, clock.now(), body),
    }
    const answer = await post(url, { headers, body }, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]))
    if ('lost' in answer) return answer.lost
    if (answer.status === 410) return GONE
    return answer.status >= 200 && answer.status < 300 ? null : `it answered ${answer.status}`
  }

  /** What is told, as a CloudEvent. Source: CloudEvents 1.0.2, structured mode. */
  async #event(approval: Approval) {
    const { approvals, tokens, publicUrl } = this.#parts
    return {
      specversion: '1.0',
      id: approval.id,
      source: `/tenants/${approval.tenant}`,
      type: 'approval.requested',
      time: approval.requestedAt,
      subject: `approval:${approval.id}`,
      datacontenttype: 'application/json',
      data: {
        // Nobody knows who reads it there.
        approval: { ...wireApproval(approval), arguments: await approvals.argumentsOf(approval, 'looks') },
        callback: {
          url: `${publicUrl().replace(/\/$/, '')}/api/approvals/${approval.id}/callback`,
          token: tokens.write(approval),
          expires_at: approval.expiresAt,
        },
      },
    }
  }

  #after(attempts: number): string {
    return isoTime(new Date(this.#parts.clock.now().getTime() + pauseAfter(attempts, Math.random())))
  }

  /** False when another process was faster. */
  async #saved(notice: Notice, type?: string, why?: string | null): Promise<boolean> {
    const entry = type && {
      tenant: notice.tenant,
      stream: `approval-notice:${notice.id}`,
      seq: 0,
      type,
      principal: 'system',
      correlationId: notice.id,
      data: { approval: notice.id, attempts: notice.attempts, ...(why ? { why } : {}) },
    }
    try {
      await this.#parts.store.saveNotice(notice, entry ? [this.#parts.journal.seal(entry)] : [])
      return true
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT')) return false
      throw error
    }
  }
}

/** Milliseconds for one attempt. */
const PATIENCE = 10_000
const PAGE = 20
/** Source: Standard Webhooks 1.0: who answers this wants nothing more. */
const GONE = 'it answered 410, and wants no more'

function next(notice: Notice, change: Partial<Notice>): Notice {
  return { ...notice, ...change, version: notice.version + 1 }
}
