/** What somebody at a port may be, by what they said, or else by the port alone; null for no idea. Source of ports: IANA. */
export function guessService(
  port: number,
  banner: string,
): { readonly name: string; readonly by: 'banner' | 'port' } | null {
  const said = banners.find(([pattern]) => pattern.test(banner))
  if (said) return { name: said[1], by: 'banner' }
  const usual = ports[port]
  return usual === undefined ? null : { name: usual, by: 'port' }
}

const banners: readonly (readonly [RegExp, string])[] = [
  [/^SSH-/, 'ssh'],
  [/^220[ -].*\b(e?smtp|mail|postfix|exim)\b/i, 'smtp'],
  [/^220[ -]/, 'ftp'],
  [/^\+OK\b/, 'pop3'],
  [/^\* OK\b/, 'imap'],
  [/^RFB \d/, 'vnc'],
  [/^HTTP\//, 'http'],
  [/^.?.?.?.?\x0a?[\d.]+.*(mysql|mariadb)/is, 'mysql'],
  [/^@RSYNCD:/, 'rsync'],
  [/^:\S+ (NOTICE|020) /, 'irc'],
]

const ports: Readonly<Record<number, string>> = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'dns',
  80: 'http',
  88: 'kerberos',
  110: 'pop3',
  111: 'rpcbind',
  123: 'ntp',
  135: 'msrpc',
  139: 'netbios',
  143: 'imap',
  389: 'ldap',
  443: 'https',
  445: 'smb',
  465: 'smtps',
  502: 'modbus',
  587: 'smtp',
  636: 'ldaps',
  873: 'rsync',
  993: 'imaps',
  995: 'pop3s',
  1433: 'mssql',
  1521: 'oracle',
  1883: 'mqtt',
  2049: 'nfs',
  3306: 'mysql',
  3389: 'rdp',
  4840: 'opc-ua',
  5432: 'postgresql',
  5672: 'amqp',
  5900: 'vnc',
  6379: 'redis',
  8080: 'http',
  8443: 'https',
  8883: 'mqtts',
  9200: 'elasticsearch',
  11211: 'memcached',
  27017: 'mongodb',
}
