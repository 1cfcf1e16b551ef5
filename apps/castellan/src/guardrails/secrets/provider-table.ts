import { hasBase62Checksum } from './checksums.ts'

/** How the tokens of one provider look. */
export interface Provider {
  readonly category: string
  /** What such a token begins with, exactly; in the table several are separated by a space. */
  readonly begins: readonly string[]
  /** What follows, as a regular expression whose parts have an upper bound. */
  readonly body: string
  /** Whether a token was really given out, where tokens carry a proof of it; those that do not may still be someone's. */
  readonly proof?: (token: string) => boolean
}

function row(category: string, begins: string, body: string, proof?: Provider['proof']): Provider {
  return { category, begins: begins.split(' '), body, ...(proof && { proof }) }
}

const s = String.raw

/**
 * Tokens that say by their first letters whose they are. Lengths are those that providers give out or document, with some
 * room where the beginning is distinctive enough; what is public by design (`pk_live_`, `pk.eyJ`) is left out.
 */
export const providers: readonly Provider[] = [
  // Clouds
  row('aws-access-key-id', 'AKIA ASIA ABIA ACCA', '[A-Z0-9]{16}'),
  row('aws-session-token', 'IQoJb3JpZ2lu FwoGZXIv FQoGZXIv', '[A-Za-z0-9/+=]{80,2000}'),
  row('aws-bedrock-key', 'ABSK', '[A-Za-z0-9+/]{100,270}={0,2}'),
  row('google-api-key', 'AIza', s`[\w-]{35}`),
  row('google-oauth-token', 'ya29.', s`[\w-]{20,400}`),
  row('google-oauth-refresh-token', '1//0', s`[\w-]{40,120}`),
  row('google-oauth-secret', 'GOCSPX-', s`[\w-]{24,32}`),
  row('alibaba-access-key-id', 'LTAI', '[A-Za-z0-9]{16,26}'),
  row('tencent-secret-id', 'AKID', '[A-Za-z0-9]{32}'),
  row('yandex-api-key', 'AQVN', s`[\w-]{35,38}`),
  row('digitalocean-token', 'dop_v1_ doo_v1_ dor_v1_', '[a-f0-9]{64}'),
  row('heroku-api-key', 'HRKU-', s`[\w-]{36,64}`),
  row('cloudflare-origin-key', 'v1.0-', '[a-f0-9]{24}-[a-f0-9]{146}'),
  row('cloudflare-token', 'cfut_ cfat_ cfk_', '[A-Za-z0-9]{40,64}'),
  row('flyio-token', 'FlyV1 fo1_ fm1a_ fm1r_ fm2_', s`[\w+/=,-]{40,1000}`),
  row('render-api-key', 'rnd_', '[A-Za-z0-9]{28,40}'),
  row('netlify-token', 'nfp_', '[A-Za-z0-9]{36,48}'),
  row('tailscale-key', 'tskey-auth- tskey-api- tskey-client-', '[A-Za-z0-9-]{20,100}'),
  row('planetscale-token', 'pscale_tkn_ pscale_pw_ pscale_oauth_', s`[\w.=-]{32,64}`),
  row('supabase-token', 'sbp_ sb_secret_', s`[\w-]{30,80}`),
  row('databricks-token', 'dapi', '[a-f0-9]{32}(?:-[0-9])?'),
  row('dynatrace-token', 'dt0c01. dt0s01. dt0s16.', '[A-Z0-9]{8,24}[.][A-Z0-9]{64}'),
  // Code and packages
  row('github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', '[A-Za-z0-9]{30,251}', hasBase62Checksum),
  row('github-token', 'github_pat_', s`\w{36,255}`),
  row(
    'gitlab-token',
    'glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- glsoat- gloas- glffct-',
    s`[\w.-]{18,300}`,
  ),
  row('gitlab-runner-token', 'GR1348941', s`[\w-]{20,22}`),
  row('atlassian-token', 'ATATT3 ATCTT3', s`[\w=-]{50,260}`),
  row('bitbucket-token', 'ATBB', '[A-Za-z0-9]{28,36}'),
  row('npm-token', 'npm_', '[A-Za-z0-9]{36}', hasBase62Checksum),
  row('pypi-token', 'pypi-', s`[\w-]{50,1000}`),
  row('rubygems-key', 'rubygems_', '[a-f0-9]{48}'),
  row('crates-token', 'cio', '[A-Za-z0-9]{32}'),
  row('nuget-key', 'oy2', '[a-z0-9]{43}'),
  row('clojars-token', 'CLOJARS_', '[A-Za-z0-9]{60}'),
  row('docker-token', 'dckr_pat_ dckr_oat_', s`[\w-]{24,40}`),
  row('artifactory-token', 'AKCp', '[A-Za-z0-9]{60,80}'),
  row('artifactory-token', 'cmVmdGtuOj', '[A-Za-z0-9]{50,70}'),
  row('buildkite-token', 'bkua_', '[a-f0-9]{40}'),
  row('circleci-token', 'CCIPAT_', '[A-Za-z0-9]{22}_[a-f0-9]{40}'),
  row('sourcegraph-token', 'sgp_', '[A-Za-z0-9_]{40,64}'),
  row('sonarqube-token', 'squ_ sqp_ sqa_', '[a-f0-9]{40}'),
  row('postman-key', 'PMAK-', '[a-f0-9]{24}-[a-f0-9]{34}'),
  row('figma-token', 'figd_', s`[\w-]{36,60}`),
  row('doppler-token', 'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', s`[\w.-]{40,80}`),
  row('pulumi-token', 'pul-', '[a-f0-9]{40}'),
  row('vault-token', 'hvs. hvb. hvr.', s`[\w-]{20,300}`),
  row('octopus-key', 'API-', '[A-Z0-9]{25,32}'),
  row('prefect-token', 'pnu_ pnb_', '[A-Za-z0-9]{36}'),
  row('age-secret-key', 'AGE-SECRET-KEY-1', '[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'),
  row('onepassword-token', 'ops_eyJ', s`[\w+/=-]{100,2000}`),
  row('onepassword-secret-key', 'A3-', '[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}'),
  // Conversation and mail
  row(
    'slack-token',
    'xoxb- xoxa- xoxp- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe- xoxe.xoxp- xoxe.xoxb- xapp-',
    s`[\w%-]{12,300}`,
  ),
  row('sendgrid-key', 'SG.', s`[\w-]{16,32}[.][\w-]{16,64}`),
  row('mailgun-key', 'key-', '[a-f0-9]{32}'),
  row('twilio-key', 'SK', '[a-f0-9]{32}'),
  row('sendinblue-key', 'xkeysib-', '[a-f0-9]{64}-[A-Za-z0-9]{16}'),
  row('hubspot-token', 'pat-na1- pat-na2- pat-eu1-', '[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}'),
  row('typeform-token', 'tfp_', s`[\w-]{40,60}`),
  // Money
  row('stripe-key', 'sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_', '[A-Za-z0-9_]{16,250}'),
  row('stripe-webhook-secret', 'whsec_', '[A-Za-z0-9+/=]{20,64}'),
  row('square-token', 'sq0atp- sq0csp- sq0idp-', s`[\w-]{22,43}`),
  row('square-token', 'EAAAE EAAAl EAAAF', s`[\w-]{59}`),
  row('braintree-token', 'access_token$production$ access_token$sandbox$', '[0-9a-z]{16}[$][0-9a-f]{32}'),
  row(
    'plaid-token',
    'access-production- access-sandbox- access-development-',
    '[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}',
  ),
  row('shopify-token', 'shpat_ shpca_ shppa_ shpss_', '[a-fA-F0-9]{32}'),
  row('shippo-token', 'shippo_live_ shippo_test_', '[a-f0-9]{40}'),
  row('easypost-key', 'EZAK EZTK', '[A-Za-z0-9]{54}'),
  row('flutterwave-key', 'FLWSECK- FLWSECK_TEST-', '[a-fA-F0-9]{20,40}(?:-X)?'),
  row('lob-key', 'live_ test_', '[a-f0-9]{35}'),
  row('razorpay-key', 'rzp_live_ rzp_test_', '[A-Za-z0-9]{14}'),
  // Watching
  row('newrelic-key', 'NRAK- NRAA- NRII- NRIQ- NRRA- NRSP-', s`[\w-]{27,42}`),
  row('sentry-token', 'sntrys_ sntryu_', '[A-Za-z0-9+/=_]{40,300}'),
  row('grafana-token', 'glsa_', '[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}'),
  row('grafana-token', 'glc_', '[A-Za-z0-9+/=]{32,400}'),
  row('grafana-key', 'eyJrIjoi', '[A-Za-z0-9+/=]{60,400}'),
  row('datadog-key', 'ddapp_ ddpat_', '[A-Za-z0-9_]{34,64}'),
  row('honeycomb-key', 'hcaik_ hcamk_', '[a-z0-9_]{32,70}'),
  // Models
  row('openai-key', 'sk-proj- sk-svcacct- sk-admin- sk-None-', s`[\w-]{20,200}`),
  row('anthropic-key', 'sk-ant-', s`[\w-]{20,200}`),
  row('openrouter-key', 'sk-or-v1- sk-or-', '[a-f0-9]{40,64}'),
  row('langfuse-key', 'sk-lf-', '[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}'),
  row('model-api-key', 'sk-', '[A-Za-z0-9]{20,64}'),
  row('huggingface-token', 'hf_ api_org_', '[A-Za-z0-9]{30,40}'),
  row('replicate-token', 'r8_', '[A-Za-z0-9]{36,40}'),
  row('groq-key', 'gsk_', '[A-Za-z0-9]{40,60}'),
  row('xai-key', 'xai-', '[A-Za-z0-9]{60,100}'),
  row('perplexity-key', 'pplx-', '[A-Za-z0-9]{40,64}'),
  row('pinecone-key', 'pcsk_', s`\w{40,90}`),
  row('nvidia-key', 'nvapi-', s`[\w-]{56,80}`),
  row('langsmith-key', 'lsv2_pt_ lsv2_sk_', '[a-f0-9]{32}_[a-f0-9]{10}'),
  row('tavily-key', 'tvly-', '[A-Za-z0-9-]{28,48}'),
  row('elevenlabs-key', 'sk_', '[a-f0-9]{48}'),
  // Papers, tables, maps
  row('linear-key', 'lin_api_ lin_oauth_', '[A-Za-z0-9]{32,64}'),
  row('notion-token', 'secret_', '[A-Za-z0-9]{43}'),
  row('notion-token', 'ntn_', '[A-Za-z0-9]{40,52}'),
  row('airtable-token', 'pat', '[A-Za-z0-9]{14}[.][a-f0-9]{64}'),
  row('contentful-token', 'CFPAT-', s`[\w-]{43}`),
  row('mapbox-token', 'sk.eyJ tk.eyJ', s`[\w-]{40,300}[.][\w-]{20,40}`),
  row('dropbox-token', 'sl.', s`[\w-]{100,200}|u[.][\w-]{100,1500}`),
  row('adobe-secret', 'p8e-', '[A-Za-z0-9]{32}'),
  row('readme-token', 'rdme_', '[a-z0-9]{70}'),
  // People
  row('facebook-token', 'EAA', '[A-Za-z0-9]{80,400}'),
  row('twitter-bearer-token', 'AAAAAAAAAAAAAAAAAAAAA', '[A-Za-z0-9%]{40,160}'),
]
