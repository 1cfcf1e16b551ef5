import { literalsIn } from '../literal-search.ts'
import { catchesRequests } from './hosts.ts'

/** Verbs that take something away, and what they take; between them and the address there is at most a sentence. */
const SENDING = String.raw`\b(?:send|post|append|upload|forward|transmit|exfiltrate|leak|submit|deliver|mail|e-?mail|encode|include|embed|attach|put|copy|report|push|pass|relay|dump|stream|share|add|insert|write|log|beacon|ping|transfer)(?:s|ing|ed)?\b`
const TAKEN = String.raw`(?:conversation|chat(?: history| log)?s?\b|dialog(?:ue)?|transcript|system (?:prompt|message|instructions)|your (?:instructions|prompt|memory|context)|(?:previous|prior|earlier|all|these|user'?s?|their|his|her|private|last) (?:\w+ ){0,2}(?:messages?|data|e-?mails?|files|details|information|documents?|contacts|inbox|keys?|secrets?|input|questions?|answers?)|message history|api[ -]?keys?|credentials|passwords?|secrets|access tokens?|environment variables|env(?:ironment)? vars?|[.]env\b|ssh keys?|private keys?|cookies|session tokens?|credit cards?|card numbers?|contents? of|everything (?:you|the user|above|in)|[/~][\w/.]{0,40}(?:passwd|shadow|id_rsa|[.]ssh|[.]aws)|what the user|personal (?:data|information)|confidential)`
const INSTRUCTION = new RegExp(`${SENDING}[^.!?;\\n]{0,100}?${TAKEN}[^;\\n]{0,120}$`, 'i')
const AND_THEN = new RegExp(
  `${TAKEN}[^.!?;\\n]{0,80}?\\b(?:and|then)\\b[^.!?;\\n]{0,20}${SENDING} (?:it|them|this|that|its|the (?:result|summary|output|contents?))\\b[^;\\n]{0,80}$`,
  'i',
)
const GOAL =
  /\b(?:to|at|as|into|onto|with|via|using|of|by|visit(?:ing)?|fetch(?:ing)?|open(?:ing)?|call(?:ing)?|request(?:ing)?)\b[^.!?\n]{0,60}$|\bin\b[^.!?\n]{0,40}\b(?:url|link|query|address|image|request|parameter|path)\b[^.!?\n]{0,20}$|[:(<"'`[]\s{0,2}$/i
/** Characters of the longest way to say where something goes, and the one before it. */
const LONGEST_GOAL = 80
/** How documents speak of a program's own dealings with its own service. */
const DESCRIBING =
  /\b(?:your (?:own )?(?:api[ -]?keys?|credentials|passwords?|files|(?:access )?tokens?|cookies|secrets?)|header|you can|you may|we (?:never|do not|don't)|never|do not|don't|not be|should not|must not|will not|is not|are not|privacy|policy|endpoint|documentation|docs|see|learn more|read more|how to|bug|issue|feedback)\b/i

/** How surely what stands before an address asks to send something private there; 0 when it does not. */
export function askedToSend(before: string, host: string): number {
  // A link's own label is what it leads to, not what is said of it.
  const near = before.replace(/!?\[[^\]\n]{0,120}\]\($/, '').slice(-260)
  // Neither goes on over a line or a semicolon, nor further back than the goal is long.
  const last = near.slice(Math.max(near.lastIndexOf('\n'), near.lastIndexOf(';')) + 1)
  if (!GOAL.test(near.slice(-LONGEST_GOAL)) || !(INSTRUCTION.test(last) || AND_THEN.test(last))) return 0
  const caught = catchesRequests(host)
  if (DESCRIBING.test(near) && !caught) return 0
  return caught ? 0.95 : 0.75
}

const ON_AND_ON = new RegExp(
  `^["')\\]]?\\s{0,3}(?:followed by|with|plus|[+]|and (?:then )?(?:append|add)(?:ing)?)\\b[^.!?;\\n]{0,60}?${TAKEN}`,
  'i',
)

/** Whether an address is left open at its end, and what is said after it fills it with something private. */
export function askedToGoOn(rest: string, after: string): boolean {
  return /[=?/]$/.test(rest) && ON_AND_ON.test(after)
}

const COMMAND =
  /\b(?:curl|wget|fetch|nc|https?(?= )|Invoke-(?:WebRequest|RestMethod)|iwr|nslookup|dig|requests\.(?:post|get)|axios(?:\.post|\.get)?|sendBeacon|new Image)\b/i
const TAKES =
  /\$\((?:cat|env|printenv|whoami|id|base64|history|ls|hostname|grep)\b|`(?:cat|env|printenv|whoami|id|base64|hostname)\b|@(?:\/etc\/(?:passwd|shadow)|~?\/?[\w/.]*(?:\.env|id_rsa|id_ed25519|\.aws\/credentials|\.netrc|\.npmrc|kube\/config))|--post-file[= ]|\b(?:env|printenv|history)\s*\||cat\s+[~/\w.]*(?:\.env|id_rsa|\.ssh|passwd|shadow|credentials)[^|\n]{0,40}\|/i
const SCRIPT =
  /document\.cookie|localStorage|sessionStorage|process\.env\b(?!\.)|os\.environ\b(?!\[|\.get)|btoa\(|document\.body\.inner/

/** Whether a line with an address in it is a command that sends what is kept on a machine. */
export function sendsWhatIsKept(line: string): boolean {
  return COMMAND.test(line) && TAKES.test(line)
}

/** Whether a program goes on after an address by adding to it what a page or a process holds: `…?c=' + document.cookie`. */
export function sendsWhatPageHolds(after: string): boolean {
  return /^["'`]?\s{0,3}(?:\+|,|\$\{)/.test(after) && SCRIPT.test(after)
}

/** Letters of which a text has some before an address when it asks to send something private there, and when it is a command. */
export const privateThings = literalsIn(
  'conversation|chat|dialog|transcript|system prompt|system message|instructions|prompt|memory|message|context|data|mail|files|detail',
  'information|document|contact|inbox|key|secret|input|question|answer|credential|password|token|environment var|env|cookie|card',
  'content|everything|/etc/|.ssh|id_rsa|.aws|what the user|confidential',
)
export const commandNames = literalsIn('curl|wget|fetch|nc |http |https |invoke-|iwr|nslookup|dig |requests.|axios')
