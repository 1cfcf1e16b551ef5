/** What words announce; a number that could be many things is believed to be what was announced just before it. */
const announcing = {
  card: `card cards visa mastercard amex discover maestro diners jcb unionpay creditcard cardnumber cardno cc ccnum ccnumber
    pan debit carte karte kreditkarte tarjeta cartao cartão carta kaart creditcardnumber kartennummer cvv cvc`,
  ssn: `ssn ssns socialsecuritynumber socialsecurity ssnumber 'social security' 'security number'
    'soc sec' 'tax id' 'ss number' taxpayer`,
  itin: `itin itins 'individual taxpayer'`,
  iban: `iban ibans`,
  ip: `ip ips ipv4 ipv6 ipaddress ipaddr host hosts hostname server servers ping dns nameserver gateway subnet
    address client clientip remote addr peer src dst source destination firewall router netmask localhost listening
    connected connection login logged vpn proxy endpoint node ssh nat`,
  phone: `phone phones telephone tel mobile mob cell cellphone cellular fax whatsapp sms hotline landline voicemail phonenumber
    phoneno telefon telefono teléfono telefone telephon tél téléphone tlf portable móvil movil celular handy mobil
    mobiltelefon handynummer telefonnummer telefoonnummer telefoon cellulare fono gsm mobilephone homephone workphone
    telno telephonenumber contactnumber mobilenumber cellnumber viber helpline numéro телефон тел моб номер`,
  call: `call called calling calls dial contact contacts reach ring rang text texted texting number ext extension callback
    appelez llame llamar llamó llama llamé anrufen rufen ruf ligue chiama bel caller`,
  routing: `routing aba rtn routingnumber 'transit number' routingno`,
  npi: `npi npis 'provider identifier' 'national provider'`,
  nhs: `nhs nhsnumber`,
  nino: `nino ni insurance nationalinsurance`,
  deTax: `steuer steueridentifikationsnummer steuerid steuernummer idnr identifikationsnummer tin`,
  nif: `dni nif nie`,
  nir: `nir insee sécurité securite sécu`,
  bsn: `bsn burgerservicenummer sofinummer sofi`,
  pesel: `pesel`,
  cpf: `cpf`,
  cnpj: `cnpj`,
  tfn: `tfn 'file number'`,
  abn: `abn 'business number'`,
  aadhaar: `aadhaar aadhar adhaar uidai uid आधार`,
  pan: `pan 'account number' pancard`,
  sin: `sin 'insurance number' nas`,
  passport: `passport passports passeport pasaporte reisepass passaporto passnummer passportnumber paspoort passaporte`,
  licence: `licence license dl führerschein driverslicense driverlicense licencia permis driverslicence dlnumber`,
  driver: `driver drivers driving dl fuhrerschein führerschein driverslicense driverlicense conducir conduire dmv`,
  record: `mrn mrns 'medical record' 'record number' medicalrecord medicalrecordnumber 'patient id' 'patient number' patientid`,
  account: `account acct accounts accountnumber accountno acctno konto kontonummer cuenta compte conta bankaccount`,
  bank: `bank banking checking savings deposit wire routing iban sort swift bic bankaccount 'account number' accountnumber`,
  birth: `dob birthdate birthday dateofbirth 'of birth' 'birth date' geburtsdatum geboren geb naissance nacimiento nascita
    nascimento geboortedatum 'o b'`,
  home: `address addr live lives living reside resides residing residence home ship shipping deliver delivery delivered mail
    mailing street billing located moved`,
  mac: `mac macaddress ethernet hwaddr ether bssid wlan hardware`,
  version: `version versions ver release released v upgrade upgraded build rev revision firmware changelog semver assemblyversion
    fileversion section sections chapter clause appendix figure table versione versión oid schema`,
  reference: `order orders invoice invoices tracking isbn issn sku ref reference ticket case po parcel shipment part serial
    model item product barcode upc ean gtin asin doi arxiv pmid uuid guid hash commit build batch lot bug pr rfc
    transaction txn confirmation booking quote bestellung bestellnummer rechnung pedido commande facture id`,
  // What only shows where to look closer.
  at: `at`,
  dot: `dot`,
  street: `street st avenue ave road rd boulevard blvd lane ln drive dr court ct place pl square terrace parkway pkwy circle cir
    way highway hwy trail crescent close`,
  month: `january february march april may june july august september october november december jan feb mar apr jun jul aug sep
    sept oct nov dec`,
} as const

export type Announced = keyof typeof announcing

const kinds = Object.keys(announcing) as Announced[]
const numbers = Object.fromEntries(kinds.map((kind, index) => [kind, index])) as Readonly<Record<Announced, number>>

interface Meaning {
  readonly kind: number
  /** The word that must stand before, when only both together announce something. */
  readonly after: string | null
}

const meanings = new Map<string, readonly Meaning[]>()
/** Whether a word with this hash is worth looking up; most are not. */
const worthLookingUp = new Uint8Array(0x10000)
for (const [kind, words] of Object.entries(announcing)) {
  for (const found of words.matchAll(/'(\S+) (\S+)'|(\S+)/g)) {
    const word = found[3] ?? found[2]!
    meanings.set(word, [...(meanings.get(word) ?? []), { kind: numbers[kind as Announced], after: found[1] ?? null }])
    let hash = 0
    for (let index = 0; index < word.length; index++) hash = hashed(hash, word.charCodeAt(index))
    worthLookingUp[hash & 0xffff] = 1
  }
}
const LONGEST = 32
/** Words after a number that still tell what it was. */
const MOST_AFTER = 6

/** The hash of a word, letter by letter, the same for large and small letters of Western languages. */
export function hashed(hash: number, unit: number): number {
  return (Math.imul(hash, 31) + (unit < 0x180 ? unit | 32 : unit)) | 0
}

/** What was announced in a text, and how far back, as the text is read from its beginning to its end. */
export class Announcements {
  readonly #text: string
  readonly #last = new Int32Array(kinds.length).fill(-1_000_000)
  #wordStart = 0
  #wordEnd = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Takes note of a word. */
  word(start: number, end: number, hash: number): void {
    if (worthLookingUp[hash & 0xffff] === 1) this.#note(start, end)
    this.#wordStart = start
    this.#wordEnd = end
  }

  /** Whether something was announced that ends at most so many characters before an offset. */
  near(kind: Announced, at: number, distance: number): boolean {
    return this.#last[numbers[kind]]! >= at - distance
  }

  /** Where the last word ended that announced something. */
  last(kind: Announced): number {
    return this.#last[numbers[kind]]!
  }

  /** Whether one of the few words after an offset says what stood there, as in `123456789 (SSN)` or `… is my visa`. */
  follows(kind: Announced, at: number): boolean {
    let start = at
    for (let words = 0; words < MOST_AFTER; words++) {
      const first = start
      while (start < first + 3 && ' ([,-:'.includes(this.#text[start] ?? 'x')) start++
      let end = start
      while (end < start + LONGEST && isWordUnit(this.#text.charCodeAt(end))) end++
      if (end === start) return false
      const found = meanings.get(this.#text.slice(start, end).toLowerCase())
      if (found?.some(it => it.kind === numbers[kind] && it.after === null) === true) return true
      start = end
    }
    return false
  }

  #note(start: number, end: number): void {
    if (end - start > LONGEST) return
    const found = meanings.get(this.#text.slice(start, end).toLowerCase())
    if (!found) return
    for (const { kind, after } of found) {
      if (after === null || after === this.#text.slice(this.#wordStart, this.#wordEnd).toLowerCase()) {
        this.#last[kind] = end
      }
    }
  }
}

function isWordUnit(unit: number): boolean {
  const lower = unit | 32
  return (lower >= 0x61 && lower <= 0x7a) || unit >= 0xc0
}
