import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signatureHeaders } from './signed-webhook.ts'

// Source: the test vector in the specification of Standard Webhooks 1.0 and its reference implementations.
test('a message is signed as Standard Webhooks has it', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const at = new Date(1_614_265_330_000)
  assert.deepEqual(signatureHeaders(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', at, '{"test": 2432232314}'), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('a secret that is no base64 is taken as it is', () => {
  const sign = (secret: string) => signatureHeaders(secret, 'm', new Date(0), '{}')['webhook-signature']
  assert.notEqual(sign('one'), sign('other'))
  assert.equal(sign('whsec_b25l'), sign('one'))
})
