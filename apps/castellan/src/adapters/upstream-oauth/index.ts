export { oauthAuthorizer } from './oauth-authorizer.ts'
