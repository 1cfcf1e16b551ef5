/**
 * Letters that look like letters of English, as pairs: what stands there, what it is taken for. NFKC has already dealt with
 * full width, mathematics and circles.
 */
export const lookalikes: Readonly<Record<string, string>> = {
  // Cyrillic
  ...pairs('АаВЕеЅѕІіЇїЈјКкМНОоРрСсТУуХхҮүһЬԁԛԜԝҺӀӏҽԌ', 'AaBEeSsIiIiJjKkMHOoPpCcTYyXxYyhbdqWwHIleG'),
  ...pairs('вгзмнптьэё', 'Brзmhптbэe'),
  // Greek
  ...pairs('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'),
  ...pairs('αγεικνορτυχωηϲϳ', 'ayeikvoptuxwncj'),
  // Armenian, Cherokee, Lisu, Coptic
  ...pairs('օսցհոաղեքՕՍԼ', 'ougjnwneqOUL'),
  ...pairs('ᎪᏴᏟᎠᎬᏀᎻᏆᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃ', 'ABCDEGHIJKLMPRSTVWYZ'),
  ...pairs('ⲞⲟⲤⲥⲢⲣⲬⲭⲀⲁ', 'OoCcPpXxAa'),
  // Latin that no language spells with: small capitals, letters of phonetics and with hooks
  ...pairs('ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz'),
  ...pairs('ɑɡɩȷɒɓƅɗɖƒɠɦɨƙɭɱɲɵƥɽʂƫʈʋʉɣƶƗ', 'agijabbddfghiklmnoprsttvuyzI'),
}

function pairs(from: string, to: string): Record<string, string> {
  return Object.fromEntries(from.split('').map((letter, index) => [letter, to[index]!]))
}
