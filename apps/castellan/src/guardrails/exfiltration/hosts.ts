/** Services that show to whoever owns an address what was sent to it, and tunnels to a machine that nobody knows. */
const CATCHERS = new RegExp(
  `(?:^|[.])(?:${[
    'webhook[.](?:site|cool)|requestbin[.](?:com|net|io)|pipedream[.]net|requestcatcher[.]com|hookbin[.]com|beeceptor[.]com',
    'requestrepo[.]com|putsreq[.]com|ptsv[23][.]com|mockbin[.]org|postb[.]in|typedwebhook[.]tools|webhookinbox[.]com|smee[.]io',
    'burpcollaborator[.]net|oastify[.]com|oast[.](?:fun|pro|live|site|online|me)|interact[.]sh|interactsh[.]com|dnslog[.]cn|ceye[.]io',
    'canarytokens[.](?:com|org)|xss[.]ht|bxss[.]me|dnsbin[.]zhack[.]ca|r87[.]me|eyes[.]sh|tukan[.]farm|whereis[.]xss',
    'ngrok[.](?:io|app|dev)|ngrok-free[.](?:app|dev)|trycloudflare[.]com|serveo[.]net|localtunnel[.]me|loca[.]lt|localhost[.]run',
    'lhr[.]life|pagekite[.]me|telebit[.]io|tunnelto[.]dev|bore[.]pub|playit[.]gg|zrok[.]io',
  ].join('|')})$`,
)

/** Hosts that draw, check or count what stands in the address: long texts in it are what they are there for. */
const DRAWING = new RegExp(
  `(?:^|[.])(?:${[
    'shields[.]io|badgen[.]net|badge[.]fury[.]io|quickchart[.]io|chart[.](?:apis[.]google|googleapis)[.]com|codecogs[.]com|mermaid[.]ink',
    'plantuml[.]com|kroki[.]io|placeholder[.]com|placehold[.](?:co|it)|dummyimage[.]com|fakeimg[.]pl|cloudinary[.]com|imgix[.]net',
    'githubusercontent[.]com|gravatar[.]com|qrserver[.]com|readme-typing-svg[.](?:demolab[.]com|herokuapp[.]com)|wsrv[.]nl|carbon[.]now[.]sh',
    'github-readme-stats[.]vercel[.]app|star-history[.]com|capsule-render[.]vercel[.]app|google-analytics[.]com|doubleclick[.]net',
    'unsplash[.]com|twimg[.]com|fbcdn[.]net|googleusercontent[.]com|discordapp[.](?:com|net)|math[.]now[.]sh|ui-avatars[.]com|dicebear[.]com',
  ].join('|')})$`,
)

export function catchesRequests(host: string): boolean {
  return CATCHERS.test(host)
}

export function drawsWhatItIsTold(host: string): boolean {
  return DRAWING.test(host)
}

/** An address without a name, outside of the ranges that are for machines next door and for documents. */
export function isBareAddress(host: string): boolean {
  return (
    /^(?:[0-9]{1,3}[.]){3}[0-9]{1,3}$/.test(host) &&
    !/^(?:127|10|0|192[.]168|172[.](?:1[6-9]|2[0-9]|3[01])|169[.]254)[.]/.test(host)
  )
}
