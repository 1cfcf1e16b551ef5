/** What stands where a value will be put: marks of templates and shells, and what people type instead of a secret. */
const MARKS = new RegExp(
  [
    String.raw`\$\{|\{\{|\}\}|\$\(|#\{|@\{|%\{|<%|%>|\$\[|\[\[`,
    String.raw`^<[^>]*>?$|^\[[^\]]*\]$|^\{[\w .-]*\}$|^%[A-Za-z_]+%$|^__\w+__$|^@@?[A-Za-z_.]+@@?$|^\$[A-Za-z_][\w.]*$|^:[a-z_]+$|^\$[0-9a-z]{1,3}\$$`,
    String.raw`<[A-Za-z][\w .-]*>|%\(?[a-z_]*\)?[sd](?![A-Za-z0-9])|\{[a-z_]*\}|\{\d\}`,
    String.raw`\.\.\.|…|([xX*•·#?_=.-])\1{3}|(.)\2{5}`,
  ].join('|'),
)

/** Words that say of a value that it is none. Of these, letters drawn by lot have one once in ten thousand values. */
const SAYING_SO = new RegExp(
  [
    'your|example|exmaple|placeholder|change[ _-]?(?:me|it|this)|replace|insert[ _-]|dummy|sample|redacted|censored|masked|removed',
    'goes[ _-]?here|[ _-]here$|fake|mocked|lorem|foo[ _-]?bar|not[ _-]?(?:a[ _-]?)?(?:real|secret)|todo|tbd|fixme|undefined',
    '^(?:my|some)[ _-][a-z _-]+$|^enter[ _-]|^(?:the|a|an)[ _-]|^(?:test|testing|null|none|nil|n/a|na|empty|blank|default|unset|hidden)$',
    '^(?:foo|bar|baz|qux|abc|abcd|xyz|asdf|xxx?|yyy|zzz|true|false|yes|no|on|off|required|optional|string|number|boolean)$',
    'deadbeef|^(?:test|mock|fake|stub)[ _-][a-z _-]*[0-9]{0,4}$|[ _-](?:test|mock|stub)$|^test\\d{0,4}$|\\bsecret[ _-]?here',
  ].join('|'),
  'i',
)

/** Whether a value stands for one that is not there. */
export function isPlaceholder(value: string): boolean {
  return MARKS.test(value) || SAYING_SO.test(value) || hardlyDiffers(value)
}

/** `aaaaaa`, `1212121212`: as few different characters as no secret has. */
function hardlyDiffers(value: string): boolean {
  const different = new Set<string>()
  for (let at = 0; at < value.length && different.size <= 4; at++) different.add(value[at]!)
  const { size } = different
  return size <= 1 || (value.length >= 6 && size <= 2) || (value.length >= 12 && size <= 4)
}
